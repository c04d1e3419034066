/** @file Colours as the editor's theme has them, and our palette on it: Okabe and Ito's hues, lighter on dark ground. */

export interface Theme {
  kind: 'dark' | 'light' | 'hc-dark' | 'hc-light';
  background: string;
  text: string;
  muted: string;
  grid: string;
  axis: string;
  focus: string;
  font: string;
  hues: readonly string[];
}

/** Told apart by people with any of the common colour deficiencies, and by lightness in grey. */
const onDark = ['#5ab4f0', '#f0a830', '#3cc8a0', '#e58fc0', '#f2e05c', '#ef7b52', '#a3a1f7', '#b9b9b9'];
const onLight = ['#0072b2', '#c8720a', '#007d5e', '#b04a88', '#847300', '#c2410c', '#5a55c8', '#5a5a5a'];
const onBlack = ['#6cc4ff', '#ffb84d', '#4fe0b5', '#ff9fd3', '#fff06a', '#ff8a5c', '#b9b6ff', '#d0d0d0'];

/** White paper, black text: what an export is drawn with, whatever the editor's theme. */
export const paper: Theme = {
  kind: 'light',
  background: '#ffffff',
  text: '#000000',
  muted: '#444444',
  grid: '#e4e4e4',
  axis: '#000000',
  focus: '#000000',
  font: 'Helvetica, Arial, sans-serif',
  hues: onLight,
};

export function readTheme(body: HTMLElement): Theme {
  const styles = getComputedStyle(body);
  const variable = (name: string, otherwise: string) => styles.getPropertyValue(`--vscode-${name}`).trim() || otherwise;
  const classes = body.classList;
  const highLight = classes.contains('vscode-high-contrast-light');
  const high = classes.contains('vscode-high-contrast') || highLight;
  const light = highLight || classes.contains('vscode-light');
  const kind = high ? (highLight ? 'hc-light' : 'hc-dark') : light ? 'light' : 'dark';
  const text = variable('editor-foreground', variable('foreground', light ? '#3b3b3b' : '#cccccc'));
  return {
    kind,
    background: variable('editor-background', light ? '#ffffff' : '#1e1e1e'),
    text,
    muted: high ? text : variable('descriptionForeground', light ? '#616161' : '#9d9d9d'),
    grid: high ? (light ? '#c8c8c8' : '#4a4a4a') : light ? 'rgba(0,0,0,0.07)' : 'rgba(255,255,255,0.07)',
    axis: high ? text : light ? 'rgba(0,0,0,0.28)' : 'rgba(255,255,255,0.28)',
    focus: variable('focusBorder', '#007fd4'),
    font: variable('font-family', 'system-ui, sans-serif'),
    hues: kind === 'hc-dark' ? onBlack : light ? onLight : onDark,
  };
}

/** Calls when the editor changes its theme: the canvas does not follow by itself. */
export function watchTheme(body: HTMLElement, changed: () => void): void {
  new MutationObserver(changed).observe(body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
}

export type Shape = 'circle' | 'square' | 'triangle' | 'diamond';
export const shapes: Shape[] = ['circle', 'square', 'triangle', 'diamond'];

/** After the palette's end the hues come again with another shape. */
export const hueOf = (theme: Theme, index: number): string => theme.hues[index % theme.hues.length];
export const shapeOf = (index: number): Shape => shapes[Math.floor(index / onLight.length) % shapes.length];

export const groundOf = ({ kind }: Pick<Theme, 'kind'>): 'dark' | 'light' =>
  kind === 'dark' || kind === 'hc-dark' ? 'dark' : 'light';
