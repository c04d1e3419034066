/** @file Opens the dashboard, once, and again after a reload of the window. */
import * as vscode from 'vscode';
import { command } from '../command.ts';
import { keepFocus } from '../runs/tree.ts';
import { runOf } from '../train.ts';
import { Dashboard, type DashboardParts, viewType } from './panel.ts';

export function registerDashboard(parts: DashboardParts): vscode.Disposable {
  let current: Dashboard | undefined;
  /** What a dashboard that VS Code is about to give back shall show. */
  let wanted: string[] = [];

  const adopt = (panel: vscode.WebviewPanel, shown: string[]) => {
    const dashboard = new Dashboard(parts, panel, shown);
    current = dashboard;
    dashboard.onClosed(() => {
      dashboard.dispose();
      if (current === dashboard) current = undefined;
    });
  };

  return vscode.Disposable.from(
    command('openDashboard', async (target?: unknown, all?: unknown, how?: unknown) => {
      const quiet = how === keepFocus;
      const targets = Array.isArray(all) && all.length > 0 ? all : Array.isArray(target) ? target : [target];
      const shown = targets.flatMap((one) => runOf(parts.store, one)?.id ?? []);
      if (current) return current.show(shown, quiet);
      const tab = restoredTab();
      if (tab) {
        wanted = shown;
        return reveal(tab);
      }
      const panel = vscode.window.createWebviewPanel(viewType, vscode.l10n.t('MiLorE Dashboard'), {
        viewColumn: vscode.ViewColumn.Active,
        preserveFocus: quiet,
      });
      adopt(panel, shown);
    }),
    vscode.window.registerWebviewPanelSerializer(viewType, {
      async deserializeWebviewPanel(panel) {
        adopt(panel, wanted);
        wanted = [];
      },
    }),
  );
}

/** After a reload a dashboard that stands behind another tab is a tab only: VS Code gives it back when it is shown. */
function restoredTab(): vscode.Tab | undefined {
  const isDashboard = ({ input }: vscode.Tab) =>
    // VS Code puts a prefix of its own before the type.
    input instanceof vscode.TabInputWebview && input.viewType.endsWith(viewType);
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(isDashboard);
}

/** The extension API has no way to show a webview's tab; these commands have. */
async function reveal(tab: vscode.Tab): Promise<void> {
  const nth = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth', 'Seventh', 'Eighth'][tab.group.viewColumn - 1];
  if (nth) await vscode.commands.executeCommand(`workbench.action.focus${nth}EditorGroup`);
  await vscode.commands.executeCommand('workbench.action.openEditorAtIndex', tab.group.tabs.indexOf(tab));
}
