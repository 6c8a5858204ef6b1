// Limits that several rooms hold to, each once with its reason. A limit that one room alone knows stays in that room.

/** The longest time that a timer takes: with a longer one Node calls back at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Bytes of one message of a client, and of what a hook reads: room for a value of the most bytes with all of it
 * escaped.
 */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** Containers inside each other in a stored value: a program of any kind can walk it without running out of stack. */
export const MAX_VALUE_DEPTH = 100;

/** Characters of a path: it is printed in answers and in failures, so it must stay short beside them. */
export const MAX_PATH_CHARS = 1_024;

/** Nodes of one run that may be claimed at once: more is a slip, since no machine holds so many agents. */
export const MAX_PARALLEL = 10_000;

/** Characters of a task's title: it is one line of a board or a list. */
export const MAX_TITLE_CHARS = 200;
/** Characters of a task's description: it is read whole by the agent that does the task. */
export const MAX_TEXT_CHARS = 5_000;
/** Characters of why a task is blocked. */
export const MAX_REASON_CHARS = 1_000;
/** Labels of one task, and characters of each: they are shown beside its title. */
export const MAX_LABELS = 20;
export const MAX_LABEL_CHARS = 40;
/** Tasks that one task needs: each is read when it starts. */
export const MAX_NEEDS = 50;
/** Characters of the name of a person or an agent, and of an id as it is given: an id has no more. */
export const MAX_NAME_CHARS = 64;

/** Characters of JSON of messages or rows in one answer: with what stands round them it stays below 16,000. */
export const MAX_ROWS_CHARS = 15_000;
