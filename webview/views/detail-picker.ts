/** @file Of several runs, which is looked at closely; the same one on every page that can show but one. */
import { detailed } from '../context.ts';
import { dropdown } from '../controls.ts';
import { t } from '../words.ts';
import type { Page, Part } from './page.ts';

export function detailPicker(page: Page): Part {
  const run = dropdown(t('Run'), (id) => page.act({ type: 'detail', run: id }));
  return {
    element: run.element,
    update(context) {
      const chosen = detailed(context);
      const several = context.runs.length > 1;
      run.element.hidden = !several;
      if (!several || !chosen) return;
      run.update(
        context.runs.map(({ head, letter }) => [head.id, `${letter} ${head.name}`]),
        chosen.head.id,
      );
    },
  };
}
