// The teams of a project, as its document names them. Read by messages, decisions and locks; project_save writes them.

import { isObject } from '../../json/json.ts';

export interface Team {
  orchestrator?: string;
  /** Sessions, or names of agents. */
  members: string[];
}

/** Tolerant: a team whose shape is not known has no members, and none is lost by a newer program's keys. */
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

/** Everybody in a team, its orchestrator too. */
export function everybodyIn(team: Team): Set<string> {
  return new Set(team.orchestrator === undefined ? team.members : [team.orchestrator, ...team.members]);
}
