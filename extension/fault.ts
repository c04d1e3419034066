/** @file What went wrong, as a person sees it: short, once, with one button that leads to the cure. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { ResponseError } from 'vscode-jsonrpc/node';
import { describe, type Problem } from '../sidecar/errors.ts';
import { complain } from './say.ts';
import { oneLine } from './text.ts';

interface Cure {
  title: string;
  command: string;
  arguments?: unknown[];
}

/** A failure of the extension's own that a button cures. */
export class Fault extends Error {
  readonly cure: Cure;

  constructor(message: string, cure: Cure) {
    super(message);
    this.cure = cure;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Problems begin in lower case, since they follow `Could not …:`. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export async function sayFault(error: unknown): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  const { text, cure } = toldOf(error);
  const answer = await complain(text, ...(cure ? [cure.title] : []));
  if (cure && answer === cure.title) await vscode.commands.executeCommand(cure.command, ...(cure.arguments ?? []));
}

function toldOf(error: unknown): { text: string; cure?: Cure } {
  if (error instanceof Fault) return { text: error.message, cure: error.cure };
  if (!(error instanceof ResponseError)) return { text: messageOf(error) };
  const [problem, ...others] = problemsOf(error);
  if (!problem?.place)
    return { text: error.message, cure: { title: vscode.l10n.t('Show Log'), command: 'milore.sidecar.showLog' } };
  const { file, line, column } = problem.place;
  const more = others.length > 0 ? ` ${vscode.l10n.t('And {0} more.', others.length)}` : '';
  const what = oneLine(describe({ ...problem, place: undefined }), 400);
  const at = new vscode.Position(line - 1, column - 1);
  return {
    text: vscode.l10n.t('{0}, line {1}: {2}', basename(file), line, what + more),
    cure: {
      title: vscode.l10n.t('Show'),
      command: 'vscode.open',
      arguments: [vscode.Uri.file(file), { selection: new vscode.Range(at, at) }],
    },
  };
}

/** The sidecar sends what it knows of a fault along with the words. */
function problemsOf({ data }: ResponseError<unknown>): readonly Problem[] {
  const { problems } = (data ?? {}) as { problems?: Problem[] };
  return Array.isArray(problems) ? problems : [];
}
