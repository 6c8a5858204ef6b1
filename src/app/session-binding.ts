// Which session a call belongs to, so that no call needs a session argument: the explicit one, Baton's own variable,
// the client's session id, else the newest open session of this workspace that no process serves, else a new one.

import { randomBytes, randomUUID } from 'node:crypto';
import { nearest } from '../base/nearest.ts';
import type { Changed, Documents, View } from '../documents/documents.ts';
import type { Request } from '../documents/requests.ts';
import type { Decide } from '../domain/command.ts';
import { handoffTasks } from '../domain/plan/hand-tasks.ts';
import { moveClaims } from '../domain/run/handoff.ts';
import { newerSchema } from '../domain/schemas.ts';
import { aliasStream, bindSession } from '../domain/session/alias.ts';
import { type StartAnswer, type StartInput, startSession } from '../domain/session/commands.ts';
import {
  type Handoff,
  isOpen,
  type SessionMode,
  sessionStream,
  statusAt,
  type Workspace,
} from '../domain/session/document.ts';
import { acceptHandoff, giverOf } from '../domain/session/handoff.ts';
import { type Failure, fail, ok, type Result } from '../failure/failure.ts';
import type { Author } from '../store/commit.ts';
import { runsWithClaims } from '../views/session/claims.ts';
import { factsOf, readableFacts } from '../views/session/sessions.ts';

export interface BindingOptions {
  user: string;
  /** BATON_SESSION. */
  session?: string | undefined;
  /** The client's own session id, from its environment. */
  clientSession?: string | undefined;
  workspace: Workspace;
  /** A server serves its session until it ends; the command line only looks at the newest one. */
  serves: boolean;
  /** Open tasks that are assigned to a session: hints where to look when it hands over. */
  tasksOf?: ((view: View, session: string) => string[]) | undefined;
  /** Nothing is written, not even a session begun: calls look at the newest open one. */
  readOnly?: boolean | undefined;
}

export interface StartOptions {
  mode?: SessionMode | undefined;
  resume?: 'auto' | 'new' | undefined;
  name?: string | undefined;
  sprint?: string | undefined;
  request?: Request | undefined;
  /** Takes this offer into the session, in the same commit. */
  handoff?: string | undefined;
  trace?: string | undefined;
  deadlineAt?: number | undefined;
}

/** session_start's answer: the session, and the offer it took. */
export interface Started extends StartAnswer {
  taken?: Handoff;
}

/** A session that was free may be taken by another process before this one has it: so often another is looked for. */
const MAX_LOOKS = 20;

const READ_ONLY: Failure = {
  code: 'read-only',
  why: 'there is no open session here, and a read-only server begins none',
};

type Target = Pick<StartInput, 'id' | 'resume' | 'unservedVersion' | 'follow' | 'mode'>;

export class SessionBinding {
  private readonly documents: Documents;
  private readonly options: BindingOptions;
  /** For the requests of a process that nothing else tells from its neighbours. */
  private readonly process = randomUUID();
  /** BATON_SESSION, until this process is told to start or recover another one. */
  private pinned: string | undefined;
  /** The session that this process started or resumed without a client's id to look it up by. */
  private own: string | undefined;
  private served: string | undefined;
  /** The starts under way, one after the other: calls sent at once must not make a session each. */
  private starting: Promise<void> | undefined;

  constructor(documents: Documents, options: BindingOptions) {
    this.documents = documents;
    this.options = options;
    this.pinned = options.session;
  }

  /**
   * The session of a call, if there is one already. Looked up each time: a hook may have bound the client's id anew.
   */
  find(view: View, explicit?: string): string | undefined {
    const { clientSession } = this.options;
    if (explicit !== undefined && explicit !== '') return explicit;
    if (this.pinned !== undefined) return this.pinned;
    const alias = clientSession === undefined ? undefined : view.get<{ session: string }>(aliasStream(clientSession));
    return alias?.session ?? this.own;
  }

  /** The session of a call, started or resumed if need be. Touches its presence while it is open. */
  async ensure(explicit?: string): Promise<Result<string>> {
    if (this.starting !== undefined) await this.starting;
    let open = true;
    let found = this.documents.peek((view) => {
      const known = this.known(view, explicit);
      // Being seen extends a session's time, but what has run out has ended, whether or not a commit says so yet.
      if (known?.ok) open = this.isOpenNow(view, known.value);
      return known;
    });
    // A refusal is an answer: it must not rest on what a glance has not seen yet.
    if (found?.ok === false) found = await this.documents.read((view) => this.known(view, explicit));
    if (found !== undefined) {
      if (found.ok && open && found.value !== explicit) this.serve(found.value);
      return found;
    }
    if (this.options.readOnly === true) return this.lookOnly(READ_ONLY);
    const { stopped } = this.documents.store.info();
    if (stopped !== undefined) return this.lookOnly(stopped);
    const started = await this.start({});
    return started.ok ? ok(started.value.value.session) : started;
  }

  /** session_start: resumes what is open here, or makes a new session. */
  start(options: StartOptions): Promise<Result<Changed<Started>>> {
    const before = this.starting;
    const started = (async () => {
      await before;
      return await this.startNow(options);
    })();
    const done = started.then(
      () => undefined,
      () => undefined,
    );
    this.starting = done;
    void done.then(() => {
      if (this.starting === done) this.starting = undefined;
    });
    return started;
  }

  /**
   * Makes an open session, of this workspace or any, the one that this connection's calls belong to. False, and nothing
   * changed, if another live process serves it.
   */
  async adopt(session: string): Promise<Result<boolean>> {
    if (this.served !== session && this.documents.presence.attached(session)) return ok(false);
    const { clientSession } = this.options;
    const bound = await this.documents.change((tx, ctx) => bindSession(tx, ctx, session, clientSession), {
      by: this.author('session_recover', session),
    });
    if (!bound.ok) return bound;
    this.take(session);
    return ok(true);
  }

  author(tool: string, session?: string, agent?: string): Author {
    const author: Author = { user: this.options.user, tool };
    if (session !== undefined) author.session = session;
    if (agent !== undefined) author.agent = agent;
    return author;
  }

  /** An unknown session's failure with the ids that may have been meant. */
  withNear<A>(result: Result<A>): Result<A> {
    if (result.ok || result.failure.code !== 'unknown-session' || result.failure.near.length > 0) return result;
    const { session } = result.failure;
    return fail({ ...result.failure, near: this.documents.peek((view) => this.near(view, session)) });
  }

  /** Gives the session up for others to resume. */
  close(): void {
    if (this.served !== undefined) this.documents.presence.detach(this.served);
    this.served = undefined;
  }

  private async startNow(options: StartOptions): Promise<Result<Changed<Started>>> {
    const { presence } = this.documents;
    for (let looks = 1; ; looks += 1) {
      const target = this.documents.peek((view) => this.target(view, options));
      const { resume, unservedVersion } = target;
      const id = newId();
      // Before the commit: a new session must never look free to others, nor one that was free and is resumed.
      const claimed = [id, ...(unservedVersion === undefined || resume === undefined ? [] : [resume])];
      if (this.options.serves) for (const one of claimed) presence.attach(one);
      const started = await this.documents.change(this.command(options, { ...target, id }), {
        by: this.author('session_start'),
        request: this.scoped(options.request),
        trace: options.trace,
        deadlineAt: options.deadlineAt,
      });
      const session = started.ok ? started.value.value.session : undefined;
      for (const one of claimed) if (one !== session && one !== this.served) presence.detach(one);
      if (session !== undefined) this.take(session);
      if (started.ok || started.failure.code !== 'contended' || looks >= MAX_LOOKS) return this.withNear(started);
    }
  }

  private command(options: StartOptions, target: Target): Decide<Started> {
    const { name, sprint, handoff } = options;
    const { workspace, clientSession } = this.options;
    const from = giverOf(handoff ?? '');
    const { runs, tasks } = this.documents.peek((view) =>
      handoff === undefined
        ? { runs: [], tasks: [] }
        : { runs: runsWithClaims(view, from), tasks: this.options.tasksOf?.(view, from) ?? [] },
    );
    return (tx, ctx) => {
      const answer = startSession(tx, ctx, { ...target, name, sprint, workspace, clientSession });
      if (!answer.ok || handoff === undefined) return answer;
      const to = answer.value.session;
      const taken = acceptHandoff(tx, ctx, to, handoff);
      if (!taken.ok) return taken;
      const { offer, again } = taken.value;
      if (!again) handoffTasks(tx, { from, to, tasks });
      if (!again && offer.claims === 'all') moveClaims(tx, ctx, { from, to, runs });
      return ok({ ...answer.value, taken: offer });
    };
  }

  /** What session_start goes on with. */
  private target(view: View, { resume, mode, handoff }: StartOptions): Target {
    const found = this.find(view);
    if (resume === 'new') return { mode };
    if (handoff !== undefined) return this.receiver(view, found, mode, handoff);
    if (found !== undefined) return { resume: found, mode, follow: this.pinned === undefined };
    return { ...this.newest(view), mode, follow: true };
  }

  /**
   * Who takes an offer: this connection's session, else the one it was offered to, else a new one; never the giver
   * itself.
   */
  private receiver(view: View, found: string | undefined, mode: SessionMode | undefined, handoff: string): Target {
    const giver = readableFacts(view, sessionStream(giverOf(handoff)));
    if (found !== undefined && found !== giver?.id) return { resume: found, mode };
    const offer = giver?.handoffs.find(({ id }) => id === handoff);
    const named = offer?.to === 'new' ? offer.accepted_by : offer?.to;
    const free = named !== undefined && named !== giver?.id && this.isFree(named) && factsOf(view, named) !== undefined;
    if (free) return { resume: named, unservedVersion: view.version(sessionStream(named)), mode };
    return { mode: mode ?? giver?.mode };
  }

  /** A request is one connection's: what another window calls by the same id is another request. */
  private scoped(request: Request | undefined): Request | undefined {
    if (request === undefined) return undefined;
    const { clientSession, serves, workspace } = this.options;
    const own = serves ? `process:${this.process}` : `workspace:${workspace.workspace}`;
    return { ...request, scope: clientSession === undefined ? own : `client:${clientSession}` };
  }

  private take(session: string): void {
    if (this.pinned !== undefined) this.pinned = session;
    this.own = session;
    this.serve(session);
  }

  /** Where none can be begun: the newest open one here, whoever serves it. */
  private lookOnly(otherwise: Failure): Result<string> {
    const [newest] = this.documents.peek((view) => this.openOnes(view));
    return newest === undefined ? fail(otherwise) : ok(newest);
  }

  private known(view: View, explicit: string | undefined): Result<string> | undefined {
    const id = this.find(view, explicit);
    if (id === undefined) return undefined;
    if (view.version(sessionStream(id)) > 0) return ok(id);
    // Named by somebody, and not there: a session of that name is never made up.
    return fail({ code: 'unknown-session', session: id, near: this.near(view, id) });
  }

  /** Sessions of this project whose ids are similar, else the newest open ones of this workspace. */
  private near(view: View, id: string): string[] {
    const { project } = this.options.workspace;
    const ids = view.streams('session/').flatMap((stream) => {
      const facts = readableFacts(view, stream);
      return facts?.project === project ? facts.id : [];
    });
    const similar = nearest(id, ids);
    return similar.length > 0 ? similar : this.openOnes(view).slice(0, 3);
  }

  private newest(view: View): Target {
    const found = this.openOnes(view).find((id) => !this.options.serves || this.isFree(id));
    if (found === undefined) return {};
    return this.options.serves
      ? { resume: found, unservedVersion: view.version(sessionStream(found)) }
      : { resume: found };
  }

  private isOpenNow(view: View, session: string): boolean {
    const facts = readableFacts(view, sessionStream(session));
    return facts === undefined || isOpen(statusAt(facts, Date.now(), (who) => this.documents.presence.lastSeen(who)));
  }

  private isFree(session: string): boolean {
    return !this.documents.presence.attached(session);
  }

  /** Open sessions of this workspace that can be written, the newest first. */
  private openOnes(view: View): string[] {
    const found: { id: string; seq: number }[] = [];
    for (const stream of view.streams('session/')) {
      const facts = readableFacts(view, stream);
      if (facts === undefined || facts.workspace !== this.options.workspace.workspace) continue;
      if (newerSchema(stream, view.get(stream)) !== undefined) continue;
      if (isOpen(statusAt(facts, Date.now(), (who) => this.documents.presence.lastSeen(who))))
        found.push({ id: facts.id, seq: view.lastSeq(stream) });
    }
    return found.sort((a, b) => b.seq - a.seq).map(({ id }) => id);
  }

  private serve(session: string): void {
    if (this.options.readOnly === true) return;
    const { presence } = this.documents;
    presence.touch(session);
    if (!this.options.serves || this.served === session) return;
    presence.attach(session);
    // The one served before is free now: a hook has bound the client's id to another.
    if (this.served !== undefined) presence.detach(this.served);
    this.served = session;
  }
}

/** As the store's short ids: eight of [a-z0-9]. */
function newId(): string {
  return `ses-${Array.from(randomBytes(8), (byte) => (byte % 36).toString(36)).join('')}`;
}
