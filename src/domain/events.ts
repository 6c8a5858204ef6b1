// Every type of event that the log may hold, with what it says happened. Types are permanent once released: a new meaning
// is a new type. docs/events.md is made from this.

export const eventTypes = {
  'alias.bound': "A client's session id was tied to a session",
  'document.adopted': 'An edit by hand of a readable document was made a commit',
  'graph.saved': 'A graph was saved under a name',
  'handoff.accepted': 'The receiver took the work that was offered',
  'handoff.offered': 'A session offered its work to another',
  'handoff.received': 'State and context of the giver came into the receiving session',
  'node.abandoned': 'A claim ended without a report, and the node may not be repeated without a decision',
  'node.cancelled': 'A node was cancelled with its run',
  'node.claimed': 'An agent or a server took a node; its fence is new',
  'node.failed': 'A node failed for good',
  'node.finished': 'A node is done and its output accepted',
  'node.late': 'A result came after its claim had passed to another; it is kept without effect',
  'node.progressed': 'The holder of a claim told how far it is',
  'node.released': 'A claim was given back',
  'node.renewed': 'The lease of a claim was extended',
  'node.retrying': 'A node failed and will be tried again',
  'node.spawned': 'The process of a command node was started',
  'node.undecided': 'A node waits for somebody to decide what became of it',
  'project.created': 'A project was seen for the first time',
  'request.answered': 'A command with a request_id was carried out; its answer is kept',
  'run.resumed': 'A paused run goes on',
  'run.started': 'A run of a graph began',
  'session.completed': 'A session was ended by its agents',
  'session.expired': 'A session was past its time and nobody had been seen in it',
  'session.resumed': 'A session went on in another window, or under another mode or name',
  'session.started': 'A session began',
  'session.updated': "A session's own facts were changed",
  'state.deleted': 'Values were deleted',
  'state.merged': 'Values were merged into what was there',
  'state.restored': 'Values were brought back to what they were',
  'state.set': 'A value was set',
  'store.created': 'The store was made',
} as const;

export type EventType = keyof typeof eventTypes;
