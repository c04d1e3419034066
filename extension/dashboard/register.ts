/** @file Opens the dashboard, once, and again after a reload of the window. */
import * as vscode from 'vscode';
import { command } from '../command.ts';
import { runOf } from '../train.ts';
import { Dashboard, type DashboardParts, viewType } from './panel.ts';

export function registerDashboard(parts: DashboardParts): vscode.Disposable {
  let current: Dashboard | undefined;

  const adopt = (panel: vscode.WebviewPanel, shown: string[]) => {
    const dashboard = new Dashboard(parts, panel, shown);
    current = dashboard;
    dashboard.onClosed(() => {
      dashboard.dispose();
      if (current === dashboard) current = undefined;
    });
  };

  return vscode.Disposable.from(
    command('openDashboard', (target?: unknown, all?: unknown) => {
      const targets = Array.isArray(all) && all.length > 0 ? all : Array.isArray(target) ? target : [target];
      const shown = targets.flatMap((one) => runOf(parts.store, one)?.id ?? []);
      if (current) return current.show(shown);
      const panel = vscode.window.createWebviewPanel(
        viewType,
        vscode.l10n.t('MiLorE Dashboard'),
        vscode.ViewColumn.Active,
      );
      adopt(panel, shown);
    }),
    vscode.window.registerWebviewPanelSerializer(viewType, {
      async deserializeWebviewPanel(panel) {
        adopt(panel, []);
      },
    }),
  );
}
