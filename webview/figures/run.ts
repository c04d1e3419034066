/** @file The figures of the run's page: what the machine and the optimiser do. */
import type { LineFigure } from '../charts/figure.ts';
import type { Context } from '../context.ts';
import { compact, fixed, whole } from '../format.ts';
import type { ScalarName } from '../history.ts';
import { t } from '../words.ts';
import { marksOf, smooth, stepAxis, stepsOf } from './languages.ts';
import { runPen } from './pens.ts';

interface Scalar {
  name: ScalarName;
  title: () => string;
  note?: () => string;
  label: () => string;
  unit: () => string;
  format: (value: number) => string;
  /** What is shown is the logged value divided by this. */
  divide?: number;
  smooth?: boolean;
  zero?: boolean;
  log?: boolean;
  whole?: boolean;
}

export const scalars: Scalar[] = [
  {
    name: 'loss',
    title: () => t('Loss, all languages'),
    label: () => t('Loss (nats)'),
    unit: () => t('nats'),
    format: (value) => fixed(value, 2),
    smooth: true,
    log: true,
  },
  {
    name: 'gradientNorm',
    title: () => t('Gradient norm'),
    note: () => t('before clipping'),
    label: () => t('L2 norm'),
    unit: () => '',
    format: (value) => compact(value),
    smooth: true,
    log: true,
  },
  {
    name: 'learningRate',
    title: () => t('Learning rate'),
    label: () => t('Learning rate'),
    unit: () => '',
    format: (value) => compact(value),
    zero: true,
  },
  {
    name: 'audioSecondsPerSecond',
    title: () => t('Throughput'),
    label: () => t('Audio (s per s)'),
    unit: () => t('seconds of audio a second'),
    format: (value) => compact(value),
    smooth: true,
    zero: true,
  },
  {
    name: 'residentBytes',
    title: () => t('Memory'),
    label: () => t('Resident (GB)'),
    unit: () => 'GB',
    format: (value) => compact(value),
    divide: 1e9,
    zero: true,
  },
  {
    name: 'skippedSteps',
    title: () => t('Skipped steps'),
    label: () => t('Steps'),
    unit: () => t('steps'),
    format: whole,
    zero: true,
    whole: true,
  },
  {
    name: 'adapterNorm',
    title: () => t('Adapter norm'),
    label: () => t('L2 norm'),
    unit: () => '',
    format: (value) => compact(value),
  },
  {
    name: 'loraBNorm',
    title: () => t('Norm of all B matrices'),
    label: () => t('L2 norm'),
    unit: () => '',
    format: (value) => compact(value),
  },
];

export function scalarFigure(context: Context, scalar: Scalar): LineFigure {
  const { logScale, smoothing } = context.state.view;
  const several = context.runs.length > 1;
  return {
    id: `run-${scalar.name}`,
    title: scalar.title(),
    note: scalar.note?.(),
    x: stepAxis(context),
    y: {
      label: scalar.label(),
      unit: scalar.unit(),
      format: scalar.format,
      log: logScale && scalar.log,
      whole: scalar.whole,
      ...(scalar.zero ? { include: scalar.whole ? [0, 1] : [0], least: 0 } : {}),
    },
    lines: context.runs.flatMap((run) => {
      const series = run.history.scalar(scalar.name);
      if (series.length === 0) return [];
      const scale = (values: Float64Array) => (scalar.divide ? values.map((value) => value / scalar.divide!) : values);
      const raw = scale(series.values.values());
      return [
        {
          key: run.head.id,
          label: several ? `${run.letter} ${run.head.name}` : scalar.title(),
          pen: runPen(run),
          xs: stepsOf(run, series),
          ys: scalar.smooth && smoothing > 0 ? scale(smooth(series, smoothing)) : raw,
          raw,
          tag: several ? run.letter : undefined,
        },
      ];
    }),
    marks: marksOf(context.runs),
  };
}
