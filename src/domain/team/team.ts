// The teams of a project, from its configuration. Read by views and the dashboard; project_save writes them.

import { isObject } from '../../json/json.ts';

export interface Team {
  orchestrator?: string;
  /** Sessions, or names of agents. */
  members: string[];
}

/** The teams by name. A malformed team has no members, and keys of a newer program are ignored. */
export function teamsOf(project: object | undefined): Map<string, Team> {
  const teams = new Map<string, Team>();
  const config = project !== undefined && 'config' in project ? project.config : undefined;
  const found = isObject(config) ? config.teams : undefined;
  if (!isObject(found)) return teams;
  for (const [name, value] of Object.entries(found)) {
    if (!isObject(value)) continue;
    const { members, orchestrator } = value;
    const listed = Array.isArray(members) ? members : [];
    const team: Team = { members: listed.filter((one) => typeof one === 'string') };
    if (typeof orchestrator === 'string') team.orchestrator = orchestrator;
    teams.set(name, team);
  }
  return teams;
}

/** All members of a team with its orchestrator. */
export function everybodyIn(team: Team): Set<string> {
  return new Set(team.orchestrator === undefined ? team.members : [team.orchestrator, ...team.members]);
}
