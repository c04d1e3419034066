/** @file The alarms of the shown runs, above every page; each says where, and what to try. */
import { alarms } from '../alarms.ts';
import { h, keyed } from '../dom.ts';
import { t } from '../words.ts';
import type { Part } from './page.ts';

export function alarmList(): Part {
  const element = h('ul', { class: 'alarms', 'aria-label': t('Alarms') });
  const content = keyed(element);
  const known = new WeakMap<object, { version: number; found: ReturnType<typeof alarms> }>();
  return {
    element,
    update({ runs }) {
      const all = runs.flatMap(({ history, letter, head }) => {
        let last = known.get(history);
        if (last?.version !== history.version)
          known.set(history, (last = { version: history.version, found: alarms(history) }));
        return last.found.map((alarm) => ({ ...alarm, run: runs.length > 1 ? `${letter} ${head.name}` : '' }));
      });
      element.hidden = all.length === 0;
      content(JSON.stringify(all), () =>
        all.map(({ kind, title, where, cure, run }) =>
          h(
            'li',
            { class: 'alarm', data: { kind } },
            h('strong', {}, run ? `${run}: ${title}` : title),
            h('span', {}, where),
            h('span', { class: 'note' }, cure),
          ),
        ),
      );
    },
  };
}
