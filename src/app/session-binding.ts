// Finds the session that a call belongs to, so that no call needs a session argument: the one it names, else
// BATON_SESSION, else the one that the client's id is an alias of, else the newest open session of this workspace that
// no process serves, else a new one. Made by services.ts and by the verb statusline.

import { randomUUID } from 'node:crypto';
import { shortId } from '../base/ids.ts';
import { nearest } from '../base/nearest.ts';
import type { Changed, Documents, View } from '../documents/documents.ts';
import type { Request } from '../documents/requests.ts';
import type { Decide } from '../domain/command.ts';
import { handoffTasks } from '../domain/plan/hand-tasks.ts';
import { moveClaims } from '../domain/run/handoff.ts';
import { newerSchema } from '../domain/schemas.ts';
import { aliasStream } from '../domain/session/alias.ts';
import {
  answerOf,
  recoverSession,
  type StartAnswer,
  type StartInput,
  startSession,
} from '../domain/session/commands.ts';
import { isOpen, type SessionMode, sessionStream, statusAt } from '../domain/session/document.ts';
import { acceptHandoff, giverOf } from '../domain/session/handoff.ts';
import { type Failure, fail, ok, type Result } from '../failure/failure.ts';
import type { Author } from '../store/commit.ts';
import { allSessions, factsOf, readableFacts, unendedSessions } from '../views/session/sessions.ts';
import type { BindingOptions, Started, StartOptions } from './binding-shapes.ts';
import { holdingsOf, letGo } from './let-go.ts';

/** Another process may take the free session that this one found: the number of tries to find one. */
const MAX_LOOKS = 20;

const READ_ONLY: Failure = {
  code: 'read-only',
  why: 'there is no open session here, and a read-only server begins none',
};

type Target = Pick<StartInput, 'id' | 'resume' | 'unservedVersion' | 'follow' | 'mode' | 'clientSession'>;

export class SessionBinding {
  private readonly documents: Documents;
  private readonly options: BindingOptions;
  /** The scope of request ids in a process without a client's session id. */
  private readonly process = randomUUID();
  /** BATON_SESSION, until this process starts or recovers another session. */
  private pinned: string | undefined;
  /** The session that this process started, resumed or recovered last; the client's alias goes before it. */
  private own: string | undefined;
  /**
   * True once this window left a session that another window of the same client id goes on in: the client's alias stays
   * with that one.
   */
  private apart = false;
  private served: string | undefined;
  /** The session that this process recovered last: looking again is not another recovery. */
  private recovered: string | undefined;
  /** The session that a call before any session_start began or resumed, until an answer has told. */
  private untold: StartAnswer | undefined;
  /** The end of the last start: starts are chained, so that concurrent first calls do not make a session each. */
  private starting: Promise<void> | undefined;

  constructor(documents: Documents, options: BindingOptions) {
    this.documents = documents;
    this.options = options;
    this.pinned = options.session;
  }

  /** The id of a call's session, if it has one yet. Looked up each time, because a hook may have moved the alias. */
  find(view: View, explicit?: string): string | undefined {
    const { clientSession } = this;
    if (explicit !== undefined && explicit !== '') return explicit;
    if (this.pinned !== undefined) return this.pinned;
    const alias = clientSession === undefined ? undefined : view.get<{ session: string }>(aliasStream(clientSession));
    return alias?.session ?? this.own;
  }

  /**
   * The id of a call's session, which is resumed or started if there is none yet. Marks an open session as seen and
   * served. Fails with `unknown-session`, or as starting one does.
   */
  async ensure(explicit?: string): Promise<Result<string>> {
    if (this.starting !== undefined) await this.starting;
    let open = true;
    let found = this.documents.peek((view) => {
      const known = this.known(view, explicit);
      // Touching extends a session's expiry, so it must not touch one that has expired, even before a commit says so.
      if (known?.ok) open = this.isOpenNow(view, known.value);
      return known;
    });
    // `peek` may miss recent commits; a refusal is an answer, and must rest on a fresh read.
    if (found?.ok === false) found = await this.documents.read((view) => this.known(view, explicit));
    if (found !== undefined) {
      if (found.ok && open && found.value !== explicit) {
        if (this.options.serves && this.served !== found.value) this.untold = this.resumedAs(found.value);
        this.serve(found.value);
      }
      return found;
    }
    if (this.options.readOnly === true) return this.lookOnly(READ_ONLY);
    const { stopped } = this.documents.store.info();
    if (stopped !== undefined) return this.lookOnly(stopped);
    const started = await this.start({});
    if (!started.ok) return started;
    this.untold = started.value.value;
    return ok(started.value.value.session);
  }

  /**
   * What the first answer must tell of a session that the client's id, or BATON_SESSION, is tied to: the window goes on
   * where it was, so nothing is new to it but an emergency, which another may have begun since.
   */
  private resumedAs(session: string): StartAnswer | undefined {
    const facts = this.documents.peek((view) => factsOf(view, session));
    if (facts?.mode !== 'emergency') return undefined;
    return answerOf(facts, { now: Date.now(), lastSeen: (who) => this.documents.presence.lastSeen(who) }, true);
  }

  /** The start that no answer has told of yet, once. */
  news(): StartAnswer | undefined {
    const { untold } = this;
    this.untold = undefined;
    return untold;
  }

  /** True if another live process serves the session too, such as a second window of one conversation. */
  isShared(session: string): boolean {
    return this.options.serves && this.documents.presence.attachedElsewhere(session);
  }

  /** The client's id, by whose alias this window finds its session. */
  private get clientSession(): string | undefined {
    return this.apart ? undefined : this.options.clientSession;
  }

  /** Whether to go to a session means to leave one that another window of the same client id goes on in. */
  private leavesOther(view: View, to: string | undefined): boolean {
    const from = this.find(view);
    return from !== undefined && from !== to && this.isShared(from);
  }

  /** Does session_start: resumes a session or makes a new one, after the starts that came before. */
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
   * Makes an open session of any workspace the session of this connection. Resolves to false, without a change, if
   * another live process serves it. Fails if it is unknown or has ended.
   */
  async adopt(session: string): Promise<Result<boolean>> {
    if (this.served !== session && this.documents.presence.attached(session)) return ok(false);
    if (this.recovered === session) return ok(true);
    const apart = this.documents.peek((view) => this.leavesOther(view, session));
    const clientSession = apart ? undefined : this.clientSession;
    const bound = await this.documents.change((tx, ctx) => recoverSession(tx, ctx, session, clientSession), {
      by: this.author('session_recover', session),
    });
    if (!bound.ok) return bound;
    this.apart ||= apart;
    this.recovered = session;
    this.take(session);
    return ok(true);
  }

  author(tool: string, session?: string, agent?: string): Author {
    const author: Author = { user: this.options.user, tool };
    // Who names an agent acts for it: a script that claims and reports, say.
    if (this.person !== undefined && agent === undefined) return { ...author, grade: 'person' };
    if (session !== undefined) author.session = session;
    if (agent !== undefined) author.agent = agent;
    return author;
  }

  /** The user, on a person's command line; undefined for an agent's process. */
  get person(): string | undefined {
    return this.options.person === true ? this.options.user : undefined;
  }

  /** True on a person's command line that was not told in which session to act. */
  isGuessing(): boolean {
    return this.person !== undefined && this.pinned === undefined;
  }

  /** Ids of the open sessions of this workspace, the last changed first. */
  openHere(view: View): string[] {
    return this.openOnes(view);
  }

  /** Adds to an `unknown-session` failure the ids that the caller may have meant. */
  withNear<A>(result: Result<A>): Result<A> {
    if (result.ok || result.failure.code !== 'unknown-session' || result.failure.near.length > 0) return result;
    const { session } = result.failure;
    return fail({ ...result.failure, near: this.documents.peek((view) => this.near(view, session)) });
  }

  /** Stops serving the session, so that another process may resume it. */
  close(): void {
    if (this.served !== undefined) this.documents.presence.detach(this.served);
    this.served = undefined;
  }

  private async startNow(options: StartOptions): Promise<Result<Changed<Started>>> {
    const { presence } = this.documents;
    for (let looks = 1; ; looks += 1) {
      const { apart, ...target } = this.documents.peek((view) => {
        const found = this.target(view, options);
        return { ...found, apart: this.leavesOther(view, found.resume) };
      });
      const clientSession = apart ? undefined : this.clientSession;
      const { resume, unservedVersion } = target;
      const id = shortId('ses');
      // Attached before the commit: otherwise another process could take the new or resumed session for a free one.
      const claimed = [id, ...(unservedVersion === undefined || resume === undefined ? [] : [resume])];
      if (this.options.serves) for (const one of claimed) presence.attach(one);
      const started = await this.documents.change(this.command(options, { ...target, id, clientSession }), {
        by: this.author('session_start'),
        request: this.scoped(options.request),
        trace: options.trace,
        deadlineAt: options.deadlineAt,
      });
      const session = started.ok ? started.value.value.session : undefined;
      for (const one of claimed) if (one !== session && one !== this.served) presence.detach(one);
      if (session !== undefined) {
        this.apart ||= apart;
        this.take(session);
      }
      if (started.ok || started.failure.code !== 'contended' || looks >= MAX_LOOKS) return this.withNear(started);
    }
  }

  private command(options: StartOptions, target: Target): Decide<Started> {
    const { name, sprint, handoff } = options;
    const { workspace } = this.options;
    const from = giverOf(handoff ?? '');
    const { held, tasks } = this.documents.peek((view) =>
      handoff === undefined
        ? { held: undefined, tasks: [] }
        : { held: holdingsOf(view, from), tasks: this.options.tasksOf?.(view, from) ?? [] },
    );
    return (tx, ctx) => {
      const answer = startSession(tx, ctx, { ...target, name, sprint, workspace });
      if (!answer.ok || handoff === undefined) return answer;
      const to = answer.value.session;
      const taken = acceptHandoff(tx, ctx, to, handoff);
      if (!taken.ok) return taken;
      const { offer, again, kept } = taken.value;
      if (again || held === undefined) return ok({ ...answer.value, taken: offer });
      handoffTasks(tx, { from, to, tasks });
      if (offer.claims === 'all') moveClaims(tx, ctx, { from, to, runs: held.runs });
      const released = letGo(tx, ctx, held, offer.claims === 'none');
      return ok({ ...answer.value, taken: offer, kept, released });
    };
  }

  /** The session to resume, or the mode of a new one. */
  private target(view: View, { resume, mode, handoff }: StartOptions): Target {
    const found = this.find(view);
    if (resume === 'new') return { mode };
    if (handoff !== undefined) return this.receiver(view, found, mode, handoff);
    if (found !== undefined) return { resume: found, mode, follow: this.pinned === undefined };
    return { ...this.newest(view), mode, follow: true };
  }

  /**
   * The session that accepts a handoff: this connection's, else the one that it was offered to if that is free, else a
   * new one; never the giver itself.
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

  /** Scopes a request id to this connection: another window's request of the same id is another request. */
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

  /** The newest open session of this workspace, even if another process serves it; else the failure. */
  private lookOnly(otherwise: Failure): Result<string> {
    const [newest] = this.documents.peek((view) => this.openOnes(view));
    return newest === undefined ? fail(otherwise) : ok(newest);
  }

  private known(view: View, explicit: string | undefined): Result<string> | undefined {
    const id = this.find(view, explicit);
    if (id === undefined) return undefined;
    if (view.version(sessionStream(id)) > 0) return ok(id);
    // A named session that does not exist is refused: making it would hide a mistyped name.
    const variable = id === this.pinned && id !== explicit ? { variable: 'BATON_SESSION' } : {};
    return fail({ code: 'unknown-session', session: id, near: this.near(view, id), ...variable });
  }

  /** Ids of this project's sessions that are similar, else of the three newest open ones of this workspace. */
  private near(view: View, id: string): string[] {
    const { project } = this.options.workspace;
    const ids = allSessions(view, project).map((facts) => facts.id);
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

  /** Open sessions of this workspace whose schema this program can write, the last changed first. */
  private openOnes(view: View): string[] {
    const lastSeen = (who: string) => this.documents.presence.lastSeen(who);
    return unendedSessions(view, this.options.workspace.workspace)
      .filter((facts) => newerSchema(sessionStream(facts.id), view.get(sessionStream(facts.id))) === undefined)
      .filter((facts) => isOpen(statusAt(facts, Date.now(), lastSeen)))
      .map(({ id }) => id);
  }

  private serve(session: string): void {
    if (this.options.readOnly === true) return;
    const { presence } = this.documents;
    presence.touch(session);
    if (!this.options.serves || this.served === session) return;
    presence.attach(session);
    // The session served before becomes free, for example after a hook moved the client's alias to another.
    if (this.served !== undefined) presence.detach(this.served);
    this.served = session;
  }
}
