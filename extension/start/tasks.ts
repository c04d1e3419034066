/** @file Training as a task of VS Code: in its terminal, with its problems marked in the experiment. */
import * as vscode from 'vscode';

interface Definition extends vscode.TaskDefinition {
  type: 'milore';
  experiment: string;
  device?: string;
}

export function registerTasks(script: string): vscode.Disposable {
  return vscode.tasks.registerTaskProvider('milore', {
    async provideTasks() {
      const files = await vscode.workspace.findFiles('**/*.milore.{yaml,yml}', '**/{node_modules,.milore}/**', 50);
      return files.flatMap((file) => {
        const folder = vscode.workspace.getWorkspaceFolder(file);
        if (!folder || file.scheme !== 'file') return [];
        return [taskOf({ type: 'milore', experiment: vscode.workspace.asRelativePath(file, false) }, folder, script)];
      });
    },
    resolveTask(task) {
      const definition = task.definition as Definition;
      if (typeof definition.experiment !== 'string' || typeof task.scope !== 'object') return undefined;
      return taskOf(definition, task.scope, script);
    },
  });
}

function taskOf(definition: Definition, folder: vscode.WorkspaceFolder, script: string): vscode.Task {
  const { experiment, device } = definition;
  const node = vscode.workspace.getConfiguration('milore').get('sidecar.node', '') || process.execPath;
  // Arguments of a process, never a shell's words: a file may be called anything.
  const execution = new vscode.ProcessExecution(
    node,
    [script, 'train', ...(device ? ['--device', device] : []), '--', experiment],
    { cwd: folder.uri.fsPath, env: { ELECTRON_RUN_AS_NODE: '1' } },
  );
  const task = new vscode.Task(
    definition,
    folder,
    vscode.l10n.t('train {0}', experiment),
    'milore',
    execution,
    '$milore',
  );
  task.group = vscode.TaskGroup.Build;
  return task;
}
