// The escalations of a project: sender, recipient, state, and the next superior along `reports_to`. Computed from
// documents for dashboards and alerts; log-stats.ts finds the ids of the messages in the log.

import type { View } from '../../documents/documents.ts';
import { addressName, callerName, hasLapsed, type Message, parseMessageId } from '../../domain/team/channel.ts';
import type { DeliveryState } from '../../domain/team/reader.ts';
import { chainAbove } from '../../domain/team/registry.ts';
import { factsOf } from '../session/sessions.ts';
import { headOf } from './addresses.ts';
import { messageAt } from './mail-box.ts';
import { reachedOf } from './mail-search.ts';
import type { ViewScope } from './people.ts';

export interface Escalation {
  message: string;
  from: string;
  to: string;
  at: number;
  state: DeliveryState;
  priority: number;
  /** The superior of the recipient, if that is an agent. */
  above?: string;
  text: string;
}

/** The given messages that belong to the project and have not expired, in the given order. */
export function escalationsOf(view: View, messages: readonly string[], viewScope: ViewScope): Escalation[] {
  return messages.flatMap((id) => {
    const place = parseMessageId(id);
    const head = place === undefined ? undefined : headOf(view, place.channel);
    const message = place === undefined ? undefined : messageAt(view, place.channel, place.n);
    if (place === undefined || head === undefined || message === undefined) return [];
    if (!isOf(view, viewScope.project, message) || hasLapsed(message, viewScope.now)) return [];
    const { from, agent, at, priority, text } = message;
    const [above] = head.kind === 'agent' ? chainAbove({ read: view.get }, viewScope.project, head.name) : [];
    const found: Escalation = {
      message: id,
      from: callerName({ session: from, agent }),
      to: addressName(head),
      at: Date.parse(at),
      state: reachedOf(view, place, message, viewScope),
      priority,
      text,
    };
    return [above === undefined ? found : { ...found, above }];
  });
}

/** The escalations that nobody has acknowledged. */
export function openEscalations(view: View, messages: readonly string[], viewScope: ViewScope): Escalation[] {
  return escalationsOf(view, messages, viewScope).filter(({ state }) => state !== 'acked');
}

/** Whether a message is of a project, by its sender: a session's inbox belongs to no project. */
function isOf(view: View, project: string, message: Readonly<Message>): boolean {
  return factsOf(view, message.from)?.project === project;
}
