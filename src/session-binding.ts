// Which session a call belongs to, so that no call needs a session argument: the explicit one, Baton's own variable, the
// client's session id, else the newest open session of this workspace that no process serves, else a new one.

import type { Changed, Documents, View } from './documents/documents.ts';
import type { Request } from './documents/requests.ts';
import type { Author, Decide } from './domain/command.ts';
import {
  type Handoff,
  isOpen,
  type SessionDocument,
  type SessionMode,
  sessionStream,
  statusAt,
  type Workspace,
} from './domain/session.ts';
import { acceptHandoff, aliasStream, bindSession, type StartAnswer, startSession } from './domain/session-commands.ts';
import { fail, ok, type Result } from './failure.ts';

export interface BindingOptions {
  user: string;
  /** BATON_SESSION. */
  session?: string | undefined;
  /** The client's own session id, from its environment. */
  clientSession?: string | undefined;
  workspace: Workspace;
  /** A server serves its session until it ends; the command line only looks at the newest one. */
  serves: boolean;
}

export interface StartOptions {
  mode?: SessionMode | undefined;
  resume?: 'auto' | 'new' | undefined;
  name?: string | undefined;
  sprint?: string | undefined;
  request?: Request | undefined;
  /** Takes this offer into the session, in the same commit. */
  handoff?: string | undefined;
}

/** session_start's answer: the session, and the offer it took. */
export interface Started extends StartAnswer {
  taken?: Handoff;
}

export class SessionBinding {
  private readonly documents: Documents;
  private readonly options: BindingOptions;
  /** The session that this process started or resumed without a client's id to look it up by. */
  private own: string | undefined;

  constructor(documents: Documents, options: BindingOptions) {
    this.documents = documents;
    this.options = options;
  }

  /** The session of a call, if there is one already. Looked up each time: a hook may have bound the client's id anew. */
  find(view: View, explicit?: string): string | undefined {
    const { session, clientSession } = this.options;
    if (explicit !== undefined && explicit !== '') return explicit;
    if (session !== undefined) return session;
    const alias = clientSession === undefined ? undefined : view.get<{ session: string }>(aliasStream(clientSession));
    return alias?.session ?? this.own;
  }

  /** The session of a call, started or resumed if need be. Touches its presence. */
  async ensure(explicit?: string): Promise<Result<string>> {
    const found = this.documents.peek((view) => this.known(view, explicit));
    if (found !== undefined) {
      if (found.ok && found.value !== explicit) this.serve(found.value);
      return found;
    }
    const started = await this.start({});
    return started.ok ? ok(started.value.value.session) : started;
  }

  /** session_start: resumes what is open here, or makes a new session. */
  async start(options: StartOptions): Promise<Result<Changed<Started>>> {
    const resume =
      options.resume === 'new' ? undefined : this.documents.peek((view) => this.find(view) ?? this.newest(view));
    const { workspace, clientSession } = this.options;
    const current = this.documents.peek((view) =>
      resume === undefined ? undefined : view.get<SessionDocument>(sessionStream(resume)),
    );
    const mode = options.mode ?? current?.session.mode ?? 'development';
    const { name, sprint, handoff } = options;
    const command: Decide<Started> = (tx, ctx) => {
      const answer = startSession(tx, ctx, { mode, name, sprint, resume, workspace, clientSession });
      if (!answer.ok || handoff === undefined) return answer;
      const taken = acceptHandoff(tx, ctx, answer.value.session, handoff);
      return taken.ok ? ok({ ...answer.value, taken: taken.value }) : taken;
    };
    const started = await this.documents.change(command, {
      by: this.author('session_start'),
      request: options.request,
    });
    if (started.ok) {
      this.own = started.value.value.session;
      this.serve(this.own);
    }
    return started;
  }

  /** Makes an open session of this workspace, or of any, the one that this connection's calls belong to. */
  async adopt(session: string): Promise<Result<string>> {
    const { clientSession } = this.options;
    const bound = await this.documents.change((tx, ctx) => bindSession(tx, ctx, session, clientSession), {
      by: this.author('session_recover', session),
    });
    if (!bound.ok) return bound;
    this.own = session;
    this.serve(session);
    return ok(session);
  }

  author(tool: string, session?: string, agent?: string): Author {
    const author: Author = { user: this.options.user, tool };
    if (session !== undefined) author.session = session;
    if (agent !== undefined) author.agent = agent;
    return author;
  }

  /** Gives the session up for others to resume. */
  close(): void {
    const session = this.documents.peek((view) => this.find(view));
    if (session !== undefined) this.documents.presence.detach(session);
  }

  private known(view: View, explicit: string | undefined): Result<string> | undefined {
    const id = this.find(view, explicit);
    if (id === undefined) return undefined;
    if (view.version(sessionStream(id)) > 0) return ok(id);
    // Named by somebody, and not there: a session of that name is never made up.
    return fail({ code: 'unknown-session', session: id, near: this.near(view) });
  }

  private near(view: View): string[] {
    return this.openOnes(view).slice(0, 3);
  }

  private newest(view: View): string | undefined {
    const { presence } = this.documents;
    return this.openOnes(view).find((id) => !this.options.serves || !presence.attached(id));
  }

  /** Open sessions of this workspace, the newest first. */
  private openOnes(view: View): string[] {
    const found: { id: string; seq: number }[] = [];
    for (const stream of view.streams('session/')) {
      const facts = view.get<SessionDocument>(stream)?.session;
      if (facts === undefined || facts.workspace !== this.options.workspace.workspace) continue;
      if (isOpen(statusAt(facts, Date.now(), (who) => this.documents.presence.lastSeen(who))))
        found.push({ id: facts.id, seq: view.lastSeq(stream) });
    }
    return found.sort((a, b) => b.seq - a.seq).map(({ id }) => id);
  }

  private serve(session: string): void {
    this.documents.presence.touch(session);
    if (this.options.serves) this.documents.presence.attach(session);
  }
}
