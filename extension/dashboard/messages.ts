/** @file Whether what the webview says is a message: its script is ours, its data are not. No VS Code here. */
import type { ToHost } from '../../sidecar/protocol/dashboard.ts';

const commands = ['stop', 'checkpoint', 'resume', 'openConfig', 'openLog', 'openFolder', 'exportAdapter', 'train'];
const severals = ['tag', 'pin', 'unpin', 'delete', 'exportAdapter', 'compareConfigs'];
const formats = ['svg', 'csv', 'png', 'md', 'tex'];
/** A view is a few hundred bytes, and a name for each language that was given a colour. */
const maxView = 1 << 20;
const maxExport = 256 << 20;

const isText = (value: unknown, most: number): value is string => typeof value === 'string' && value.length <= most;
const isSeconds = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const areRuns = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= 100_000 && value.every((id) => isText(id, 255));

export function isToHost(value: unknown): value is ToHost {
  if (typeof value !== 'object' || value === null) return false;
  const message = value as Record<string, unknown>;
  switch (message.type) {
    case 'ready':
    case 'select':
      return areRuns(message.runs);
    case 'view':
      return isText(message.view, maxView);
    case 'command':
      return commands.includes(message.command as string) && isText(message.run, 255);
    case 'several':
      return severals.includes(message.command as string) && areRuns(message.runs);
    case 'table':
      return typeof message.open === 'boolean' && ['boolean', 'undefined'].includes(typeof message.sizes);
    case 'copy':
      return isText(message.text, maxExport);
    case 'export':
      return isText(message.name, 200) && formats.includes(message.format as string) && isText(message.data, maxExport);
    case 'play':
      return isText(message.path, 4096) && (message.startSeconds === undefined || isSeconds(message.startSeconds));
    case 'fault':
      return isText(message.message, 10_000);
    default:
      return false;
  }
}
