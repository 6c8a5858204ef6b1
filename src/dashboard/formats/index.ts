// Every format, by name. Used by tools/dashboard-get.ts and the verb watch.

import { renderCsv } from './csv.ts';
import type { Format } from './define.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderPrometheus } from './prometheus.ts';
import { renderText } from './text.ts';

export const FORMAT_NAMES = ['text', 'markdown', 'prometheus', 'json', 'csv'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export const formats: Record<FormatName, Format> = {
  text: renderText,
  markdown: renderMarkdown,
  prometheus: renderPrometheus,
  json: renderJson,
  csv: renderCsv,
};
