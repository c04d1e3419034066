/** @file The figures of the experts' page: who uses which expert, where, at a step. */
import type { HeatFigure, LineFigure } from '../charts/figure.ts';
import type { Context } from '../context.ts';
import { summarise } from '../experts.ts';
import { compact, fixed } from '../format.ts';
import type { Site, Utilisation } from '../utilisation.ts';
import { layerNumber, siteKey } from '../utilisation.ts';
import type { Measure } from '../view.ts';
import { t } from '../words.ts';
import { runPen } from './pens.ts';

/** What is looked at: a run's use at a site and a step. */
export interface Look {
  utilisation: Utilisation;
  site: Site;
  step: number;
  measure: Measure;
}

const shape = (measure: Measure, experts: number): Pick<HeatFigure, 'unit' | 'scale' | 'format'> =>
  measure === 'load'
    ? { unit: t('load ÷ ideal'), scale: { kind: 'diverging', most: 2 }, format: (value) => fixed(value, 2) }
    : {
        unit: t('mean gate'),
        scale: { kind: 'sequential', most: Math.min(1, 2 / Math.max(2, experts)) },
        format: (value) => fixed(value, 2),
      };

const expertNames = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1));

export function languageFigure({ languages }: Context, { utilisation, site, step, measure }: Look): HeatFigure {
  const { experts } = utilisation;
  const known = new Set(utilisation.languages);
  const shown = languages.filter(({ code }) => known.has(code));
  const values = new Float64Array(shown.length * experts).fill(Number.NaN);
  shown.forEach(({ code }, row) => {
    utilisation.at(code, siteKey(site), step)?.[measure].forEach((value, i) => {
      values[row * experts + i] = value;
    });
  });
  return {
    id: 'language-expert',
    title: t('Languages and experts'),
    note: t('layer {0} {1}, step {2}', layerNumber(site), site.target, fixed(step, 0)),
    rowTitle: t('Language'),
    columnTitle: t('Expert'),
    rows: shown.map(({ code, name, role }) => ({
      label: code,
      mark: role === 'new' ? '●' : '○',
      detail: `${name}, ${role === 'new' ? t('new') : t('existing')}`,
    })),
    columns: expertNames(experts),
    values,
    ...shape(measure, experts),
  };
}

export function layerFigure({ utilisation, site, step, measure }: Look): HeatFigure {
  const { experts } = utilisation;
  const sites = utilisation.sorted().filter(({ target }) => target === site.target);
  const values = new Float64Array(sites.length * experts).fill(Number.NaN);
  sites.forEach((one, row) => {
    summarise(utilisation, one, step)?.[measure].forEach((value, i) => {
      values[row * experts + i] = value;
    });
  });
  return {
    id: 'layer-expert',
    title: t('Layers and experts'),
    note: t('{0}, all languages, step {1}', site.target, fixed(step, 0)),
    rowTitle: t('Layer'),
    columnTitle: t('Expert'),
    rows: sites.map(layerNumber).map((layer) => ({ label: String(layer), detail: t('Layer {0}', layer) })),
    columns: expertNames(experts),
    values,
    ...shape(measure, experts),
  };
}

/** One line a projection over layers. */
function byLayer(
  { utilisation, step }: Look,
  read: (use: NonNullable<ReturnType<typeof summarise>>) => number,
): LineFigure['lines'] {
  const targets = [...new Set(utilisation.sorted().map(({ target }) => target))];
  return targets.map((target, index) => {
    const uses = utilisation
      .sorted()
      .filter((site) => site.target === target)
      .flatMap((site) => summarise(utilisation, site, step) ?? []);
    return {
      key: target,
      label: target,
      pen: { ...runPen({ index }), marker: { shape: 'circle', hollow: index % 2 === 1 } },
      xs: uses.map(({ site }) => layerNumber(site)),
      ys: uses.map(read),
      tag: target.slice(0, 10),
    };
  });
}

export function effectiveFigure(look: Look): LineFigure {
  const { experts } = look.utilisation;
  return {
    id: 'effective-experts',
    title: t('Effective experts'),
    note: t('of {0}, all languages; 1 is collapsed', experts),
    x: { label: t('Layer'), whole: true },
    y: {
      label: t('Effective experts'),
      unit: t('experts'),
      least: 0,
      include: [1, experts],
      format: (value) => compact(value),
    },
    lines: byLayer(look, (use) => use.effective),
    marks: [],
  };
}

export function divergenceFigure(look: Look): LineFigure {
  return {
    id: 'divergence',
    title: t('Divergence between languages'),
    note: t('Jensen–Shannon, of mean gates; 0 is the same use'),
    x: { label: t('Layer'), whole: true },
    y: { label: t('Divergence (bits)'), unit: t('bits'), least: 0, include: [0], format: (value) => compact(value) },
    lines: byLayer(look, (use) => use.divergenceBits),
    marks: [],
  };
}
