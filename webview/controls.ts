/**
 * @file The toolkit's components that are in use, registered here alone: the seam where it could be exchanged.
 *
 * It puts one empty style element into the head; the page's policy must allow it as
 * `style-src … 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='` (the hash of an empty text), and nothing more.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { h } from './dom.ts';

export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
  );
}

/** Those of the guide to a new experiment. */
export function registerGuideControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());
}

export type Appearance = 'primary' | 'secondary' | 'icon';

export function button(label: string, click: () => void, appearance: Appearance = 'secondary'): HTMLElement {
  return h('vscode-button', { appearance, onclick: click }, label);
}

export function checkbox(label: string, changed: (on: boolean) => void): HTMLInputElement {
  const element = h('vscode-checkbox', {}, label) as HTMLInputElement;
  element.addEventListener('change', () => changed(element.checked));
  return element;
}

/** A native range: the toolkit has none. */
export function slider(label: string, changed: (value: number) => void): HTMLInputElement {
  const element = h('input', { type: 'range', 'aria-label': label, class: 'slider' });
  element.addEventListener('input', () => changed(element.valueAsNumber));
  return element;
}

export interface Dropdown {
  element: HTMLElement;
  update(options: [value: string, label: string][], chosen: string): void;
}

export function dropdown(label: string, changed: (value: string) => void): Dropdown {
  const select = h('vscode-dropdown', { 'aria-label': label }) as HTMLElement & { value: string };
  const element = h('div', { class: 'field' }, h('span', { 'aria-hidden': 'true' }, label), select);
  let key = '';
  select.addEventListener('change', () => changed(select.value));
  return {
    element,
    update(options, chosen) {
      const next = JSON.stringify(options);
      if (next !== key) {
        key = next;
        select.replaceChildren(
          ...options.map(([value, text]) => h('vscode-option', { value, selected: value === chosen }, text)),
        );
        // It hears of its options when they are drawn, and takes no value before.
        requestAnimationFrame(() => {
          if (next === key && select.value !== chosen) select.value = chosen;
        });
      }
      if (select.value !== chosen) select.value = chosen;
    },
  };
}
