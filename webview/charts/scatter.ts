/** @file A scatter on the page: a readout at the nearest point under the pointer, arrow keys as a cursor. */
import { t } from '../words.ts';
import { type CursorChart, cursorChart } from './cursor-chart.ts';
import { svgOfScatter } from './export-svg-bars.ts';
import type { ScatterFigure } from './figure.ts';
import type { ChartHost } from './frame.ts';
import { layScatter } from './scatter-layout.ts';

/** As near must a pointer be, in pixels. */
const near = 24;

export const scatterChart = (name: string, host: ChartHost): CursorChart<ScatterFigure> =>
  cursorChart(name, host, {
    role: t('scatter plot'),
    keys: t('Left and right move over the points.'),
    lay: layScatter,
    svg: svgOfScatter,
    entries: ({ points }: ScatterFigure) => points,
    hit({ centres }, x, y) {
      let [found, least]: [number | undefined, number] = [undefined, near];
      for (const [i, centre] of centres.entries()) {
        const far = Math.hypot(centre.x - x, centre.y - y);
        if (far < least) [found, least] = [i, far];
      }
      return found;
    },
    tipAt({ centres }, index, tip, room) {
      const { x, y } = centres[index];
      return {
        left: x + 12 + tip.width < room.width ? x + 12 : x - 12 - tip.width,
        top: Math.min(room.height - tip.height, y - tip.height / 2),
      };
    },
    back: 'ArrowLeft',
    on: 'ArrowRight',
  });
