/** @file What stands here before there is a run: what will be, and how to begin. */
import { button } from '../controls.ts';
import { h, setText } from '../dom.ts';
import { t } from '../words.ts';
import type { Page, Part } from './page.ts';

export function emptyView(page: Page): Part {
  const heading = h('h1');
  const about = h('p');
  const train = button(t('Train an experiment'), () => page.command('train', ''), 'primary');
  const element = h('section', { class: 'empty' }, picture(), heading, about, train);
  return {
    element,
    update({ state }) {
      const waiting = state.runs === undefined;
      setText(heading, waiting ? t('Looking for runs…') : t('No runs yet'));
      setText(
        about,
        waiting
          ? ''
          : t(
              'Train an experiment, and its curves appear here as it learns: how well each language is predicted, which experts it uses, and whether the old languages are kept.',
            ),
      );
      train.hidden = waiting || !state.trusted;
    },
  };
}

/** Two new languages learn (solid, filled), an old one is kept (dashed, hollow). */
function picture(): HTMLElement {
  const host = h('div', { class: 'empty-picture', 'aria-hidden': 'true' });
  const space = 'http://www.w3.org/2000/svg';
  const image = document.createElementNS(space, 'svg');
  image.setAttribute('viewBox', '0 0 220 96');
  const add = (name: string, attributes: Record<string, string>) => {
    const part = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    image.append(part);
  };
  add('path', { class: 'axis', d: 'M10 4V88H212' });
  add('path', { class: 'new one', d: 'M10 14C60 20 80 56 120 66S180 74 206 75' });
  add('path', { class: 'new two', d: 'M10 24C50 30 90 38 130 44S180 50 206 51' });
  add('path', { class: 'existing', d: 'M10 34C80 33 140 35 206 33' });
  host.append(image);
  return host;
}
