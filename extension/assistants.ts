/**
 * @file What assistants in this editor get: the workspace's runs to read, by `milore mcp`, and one tool that queues a
 * training, which a person must agree to each time. Both only where this VS Code has the interface for them.
 */
import { isAbsolute, join, resolve } from 'node:path';
import * as vscode from 'vscode';
import { isInside } from '../sidecar/inside.ts';
import { agreed } from './say.ts';
import { oneLine } from './text.ts';

/** Newer than the oldest VS Code that we run in, whose types know nothing of them. */
interface NewerEditor {
  lm?: {
    registerMcpServerDefinitionProvider?(
      id: string,
      provider: { provideMcpServerDefinitions(): unknown[] },
    ): vscode.Disposable;
    registerTool?(
      name: string,
      tool: {
        prepareInvocation(): { invocationMessage: string };
        invoke(call: { input: unknown }): Promise<unknown>;
      },
    ): vscode.Disposable;
  };
  McpStdioServerDefinition?: new (
    label: string,
    command: string,
    args: string[],
    env: Record<string, string | number | null>,
    version: string,
  ) => unknown;
  LanguageModelToolResult?: new (parts: unknown[]) => unknown;
  LanguageModelTextPart?: new (text: string) => unknown;
}

export function registerAssistants(workspace: string | undefined, script: string, version: string): vscode.Disposable {
  const { lm, McpStdioServerDefinition, LanguageModelToolResult, LanguageModelTextPart } =
    vscode as unknown as NewerEditor;
  const made: vscode.Disposable[] = [];
  if (lm?.registerMcpServerDefinitionProvider && McpStdioServerDefinition)
    made.push(
      lm.registerMcpServerDefinitionProvider('milore.mcp', {
        provideMcpServerDefinitions() {
          if (!workspace || !vscode.workspace.isTrusted) return [];
          const node = vscode.workspace.getConfiguration('milore').get('sidecar.node', '') || process.execPath;
          const env = { ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: null };
          return [new McpStdioServerDefinition('MiLorE', node, [script, 'mcp', workspace], env, version)];
        },
      }),
    );
  if (lm?.registerTool && LanguageModelToolResult && LanguageModelTextPart)
    made.push(
      lm.registerTool('milore_train', {
        prepareInvocation: () => ({ invocationMessage: vscode.l10n.t('Asking whether to train') }),
        async invoke({ input }) {
          const answer = await trainIfAgreed(workspace, input);
          return new LanguageModelToolResult([new LanguageModelTextPart(JSON.stringify(answer))]);
        },
      }),
    );
  return vscode.Disposable.from(...made);
}

/** The question is a dialog of the editor's own, whatever it was told to allow: a training takes the machine for hours. */
async function trainIfAgreed(
  workspace: string | undefined,
  input: unknown,
): Promise<{ queued: boolean; reason?: string }> {
  const name = (input as { experiment?: unknown } | undefined)?.experiment;
  if (!workspace || !vscode.workspace.isTrusted) return { queued: false, reason: 'no trusted workspace is open' };
  if (typeof name !== 'string' || !/\.milore\.ya?ml$/.test(name))
    return { queued: false, reason: 'name a *.milore.yaml file' };
  const file = isAbsolute(name) ? name : join(workspace, name);
  if (!isInside(resolve(file), workspace)) return { queued: false, reason: 'it lies outside the workspace' };
  const shown = oneLine(vscode.workspace.asRelativePath(file));
  const question = vscode.l10n.t('An assistant wants to train {0}. Put it into the queue?', shown);
  if (!(await agreed(question, vscode.l10n.t('Add to Queue'))))
    return { queued: false, reason: 'the person did not agree' };
  await vscode.commands.executeCommand('milore.queue.add', vscode.Uri.file(file));
  return { queued: true };
}
