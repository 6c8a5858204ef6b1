// The words of the verbs for the help, the completions and the manual page; main.ts loads the verbs themselves, and
// nothing of this before a help is asked for.

export interface VerbWords {
  summary: string;
  /** The lines of `baton help <verb>` on its options and arguments. */
  usage?: string;
  /** A command line, shown by its help. */
  example: string;
}

export const verbWords = {
  serve: {
    summary: 'serve MCP on stdin and stdout (what happens without an argument)',
    example: 'claude mcp add baton -- baton-mcp serve',
  },
  doctor: {
    summary: 'look at the whole store: is it sound, and if not, what to do',
    usage: `--json                the report as data
--adopt <file>        make an edit by hand of a document a commit
--rebuild-documents   write all readable documents and the checkpoint from the log
--clear-poison        let writers in again after a disk error was put right

Exit code 0: sound. 2: not sound, the report says what to do.`,
    example: 'baton doctor --json',
  },
  log: {
    summary: 'show the commits of the store',
    usage: `--at <seq>       one commit in full
--from, --to     from and up to a seq
--stream <name>  of one stream; task/ is every task
--type <type>    of one type; task. is every type of tasks
--limit <n>      the last n, or the first n after --from
--follow         and those of any process as they come
--json           one commit a line, whole`,
    example: 'baton log --type task. --limit 20',
  },
  backup: {
    summary: 'copy the store to a new directory while it is in use, and verify the copy',
    usage: `baton backup <directory> [options]

--keep <counts>  the directory holds several: add one, and keep the newest of so many hours and days
--before-damage  of a damaged log, copy what comes before the damage`,
    example: 'baton backup ~/baton-backups --keep hourly=24,daily=7',
  },
  restore: {
    summary: 'make a backup a store again, in an empty --state-dir',
    usage: `baton restore <backup> --state-dir <dir> [--json] [--drill]

--drill  only try it, in a temporary place`,
    example: 'baton restore ~/baton-backups/2026-11-29T10 --state-dir ~/restored',
  },
  export: {
    summary: 'write the lines of the log that count, line n being seq n',
    usage: `--to <file>   into a new file instead of stdout
--from <seq>  from there on
--documents   instead: every document as it is now, one a line`,
    example: 'baton export --to events.jsonl',
  },
  watch: {
    summary: 'show the dashboard, and again whenever something changes',
    usage: `baton watch [view]

--once          print it and end
--format <f>    text, markdown, prometheus, json or csv: print it and end
--width <n>     columns; default the terminal, 80 into a pipe

On a terminal 1 to 9 and 0 choose the view and q ends.`,
    example: 'baton watch health',
  },
  board: {
    summary: 'show the tasks of a sprint as columns',
    usage: `baton board [sprint]

Without a sprint: the current one, or all tasks of the project.

--limit <n>     cards in a column
--width <n>     columns; default the terminal, 80 into a pipe
--json          as data`,
    example: 'baton board SPR-1',
  },
  statusline: {
    summary: "one line for a client's status line, which may hand it JSON on stdin",
    usage: `--width <n>     columns; default COLUMNS, else the terminal, else 120
--color         colours though it is no terminal

Trouble makes the line short or empty: the exit code is always 0.`,
    example: `echo '{}' | baton statusline --width 100`,
  },
  hook: {
    summary: 'tell a session what its client reports as JSON on stdin: docs/hooks.md',
    usage: `baton hook

Trouble is one line on stderr: the exit code is always 0, and stdout stays empty.`,
    example: 'baton hook < event.json',
  },
  import: {
    summary: 'take over tasks, state or messages of another program',
    usage: `baton import <file or directory> --from <kind>

--from v2            JSON state files: their keys go into the session
--from task-master   tasks.json with its tags, subtasks and dependencies
--from shrimp        tasks.json of mcp-shrimp-task-manager
--from beads         issues as JSONL
--from claude-tasks  ~/.claude/tasks, or one list of it
--from messages      a folder of messages, into channel:imported
--from baton         what baton export wrote, or a store or backup, into a new store
--blobs DIR          where its blobs are, if not beside it
--dry-run            only the report
--json               the report as data

What was imported before stays as it is now.`,
    example: 'baton import .beads/issues.jsonl --from beads --dry-run',
  },
  redact: {
    summary: 'write the store anew, in a new directory, without what must not be in it',
    usage: `baton redact <new directory> [options]

--stream <name>     a document, or a kind such as session/, that --path is of
--path <path>       what stands there and below, at any time; names and *
--text-file <file>  the text in this file (- is standard input), wherever it stands in the store
--text <text>       the same, on the command line: seen in the list of processes, kept by shells
--dry-run           only count
--json              the report as data

The old store is not changed.`,
    example: 'baton redact ~/clean-store --text-file secret.txt',
  },
  intro: {
    summary: 'what Baton is and how to begin (what happens without an argument on a terminal)',
    example: 'baton intro',
  },
  completion: {
    summary: 'print a script that completes commands in bash, zsh or fish',
    usage: `baton completion <shell>

In ~/.bashrc: source <(baton completion bash)`,
    example: 'source <(baton completion bash)',
  },
} satisfies Record<string, VerbWords>;

export type VerbName = keyof typeof verbWords;
