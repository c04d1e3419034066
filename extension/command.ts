/** @file A command of ours. Whoever runs it, a person or other code, its failure is said once and ends with it. */
import * as vscode from 'vscode';
import { sayFault } from './fault.ts';

/** Registers `milore.<id>`; resolves to undefined where it failed or was left. */
export function command<Args extends unknown[]>(id: string, act: (...args: Args) => unknown): vscode.Disposable {
  return vscode.commands.registerCommand(`milore.${id}`, async (...args: unknown[]) => {
    try {
      return await act(...(args as Args));
    } catch (error) {
      void sayFault(error);
      return undefined;
    }
  });
}
