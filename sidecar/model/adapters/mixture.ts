/**
 * @file The soft mixture of LoRA experts (MiLorE-SSL, arXiv 2601.20300; Lamer-SSL, arXiv 2602.12746, section 2):
 * y = W₀x + b + (α/r)·Σ_e p_e·B_e·A_e·x with p = softmax(W_r·x), as two products a site: the experts' A and the router
 * stacked in one, the gated hidden numbers times the stacked B in the other, which adds onto the frozen output. Shared
 * experts are gated by 1.
 */
import type { BaseConfig } from '../../architecture/config.ts';
import { blockRouter, type MixtureShape, mixtureTensors } from '../../architecture/mixture.ts';
import { type Site, siteName } from '../../architecture/sites.ts';
import type { Graph } from '../../engine/graph.ts';
import { add, atLeast, div, equals, log, mul, scale, sub } from '../../engine/ops/elementwise.ts';
import { concat, reshape, split } from '../../engine/ops/layout.ts';
import { gemm } from '../../engine/ops/linear.ts';
import { logSumExp, mean, softmax, sum } from '../../engine/ops/reduce.ts';
import type { Value } from '../../engine/value.ts';
import type { ProjectionHook } from '../families/family.ts';
import type { ParameterSpec } from '../parameters.ts';

export interface MixtureConfig extends MixtureShape {
  alpha: number;
  router: {
    kind: 'dense' | 'top-k' | 'language';
    /** Where each goes to an expert of its language (`EXPERTS` is fed): by ISO 639-3 code, from 0. */
    languages?: Readonly<Record<string, number>>;
    k: number;
    /** One router a site on the site's input, or one a block on the block's input. */
    share: 'site' | 'block';
    balance: number;
    zLoss: number;
    init: number;
  };
  init: number;
  /** Share of what enters the experts, not the routers, that is left out in training; 0 unless told. */
  dropout?: number;
}

/** The feed [B·T, E] of experts that go by language: 1 for the clip's own, 0 for the others. */
export const EXPERTS = 'experts';

/** The feed [B·T, in] that multiplies what enters the experts of a site in training. */
export const dropoutInput = (site: Site) => `dropout:${siteName(site)}`;

/** `lora_A` and the routers are drawn; `lora_B` is zero at the start, so that the adapted model is the base. */
export const mixtureParameters = (config: BaseConfig, mixture: MixtureConfig): ParameterSpec[] =>
  mixtureTensors(config, mixture).map(({ name, shape, part }) => {
    if (part === 'router') return { name, shape, group: 'router', init: { deviation: mixture.router.init } };
    return { name, shape, group: 'expert', init: part === 'up' ? 'zeros' : { deviation: mixture.init } };
  });

export interface Routing {
  /** Per site in order: gates [N, E] after top-k, sums to 1 over the experts. */
  gates: { site: Site; gates: Value; kept?: Value }[];
  /** The weighted balance and z losses, mean over the routers, one element; absent where both weights are 0. */
  penalty?: Value;
}

/** The hook for `encode`, and what the routers did, complete once the graph has been built. */
export function mixtureHook(
  graph: Graph,
  mixture: MixtureConfig,
  parameter: (name: string) => Value,
  training = false,
): { hook: ProjectionHook; routing(): Routing } {
  const seen: Routing['gates'] = [];
  const penalties: Value[] = [];
  const shared = new Map<number, { gates: Value; kept?: Value }>();
  const inverseFrames = () => graph.input('inverseFrames', [1]);
  let frames: Value | undefined;
  let routers = 0;

  const route = (logits: Value) => {
    routers++;
    const experts = logits.shape[1] as number;
    const p = softmax(logits);
    const kept = mixture.router.kind === 'top-k' ? topKMask(p, mixture.router.k) : undefined;
    const chosen = kept && mul(p, kept);
    const gates = chosen ? div(chosen, sum(chosen, [1])) : p;
    const { balance, zLoss } = mixture.router;
    if (balance > 0 || zLoss > 0) frames ??= inverseFrames();
    if (balance > 0) {
      // L_lb = E·Σ m_e·f_e: mean probability × dispatched fraction (Lamer-SSL, eq. 5); f is the mean gate when dense.
      const m = mul(sum(p, [0]), frames!);
      const f = kept ? scale(mul(sum(kept, [0]), frames!), 1 / Math.min(mixture.router.k, experts)) : m;
      penalties.push(scale(sum(mul(m, f), [1]), balance * experts));
    }
    if (zLoss > 0) {
      const z = logSumExp(logits); // ST-MoE (Zoph et al. 2022), eq. 5
      penalties.push(scale(mul(sum(mul(z, z), [0]), frames!), zLoss));
    }
    return { gates, kept };
  };

  const hook: ProjectionHook = (site, x, frozen, block) => {
    if (!mixture.targets.includes(site.target)) return frozen;
    const [experts, rank] = [mixture.experts[site.layer], mixture.rank[site.layer]];
    const always = (mixture.shared ?? 0) * rank;
    const name = siteName(site);
    const factor = mixture.alpha / rank;
    const up = parameter(`${name}.lora_B`);
    const dropping = training && (mixture.dropout ?? 0) > 0;
    const entering = dropping ? mul(x, graph.input(dropoutInput(site), x.shape)) : x;
    const down = () => gemm(entering, parameter(`${name}.lora_A`), undefined, { transB: true });
    if (experts === 1) {
      const low = down();
      return gemm(low, up, frozen, { transB: true, alpha: factor });
    }
    let low: Value;
    let routed: { gates: Value; kept?: Value };
    if (mixture.router.kind === 'language') {
      [low, routed] = [down(), { gates: graph.input(EXPERTS, ['B*T', experts]) }];
    } else if (mixture.router.share === 'site' && dropping) {
      [low, routed] = [down(), route(gemm(x, parameter(`${name}.router`), undefined, { transB: true }))];
    } else if (mixture.router.share === 'site') {
      const stacked = stackRows(parameter(`${name}.lora_A`), parameter(`${name}.router`));
      const [hidden, logits] = split(gemm(x, stacked, undefined, { transB: true }), [experts * rank + always, experts]);
      [low, routed] = [hidden, route(logits)];
    } else {
      low = down();
      let once = shared.get(site.layer);
      if (!once)
        shared.set(
          site.layer,
          (once = route(gemm(block, parameter(blockRouter(site.layer)), undefined, { transB: true }))),
        );
      routed = once;
    }
    seen.push({ site, ...routed });
    const [weighed, on] = always > 0 ? split(low, [experts * rank, always]) : [low];
    const spread = mul(reshape(weighed, ['B*T', experts, rank]), reshape(routed.gates, ['B*T', experts, 1]));
    const gated = reshape(spread, ['B*T', experts * rank]);
    return gemm(on ? concat(gated, on) : gated, up, frozen, { transB: true, alpha: factor });
  };

  const routing = (): Routing => ({
    gates: seen,
    penalty: penalties.length > 0 ? scale(penalties.map((p) => reshape(p, [1])).reduce(add), 1 / routers) : undefined,
  });
  return { hook, routing };
}

/** [a; b]: both have the same row length. Small (a few rank rows), so the copy costs nothing beside the product. */
const stackRows = (a: Value, b: Value) => {
  const width = a.shape[1] as number;
  const rows = (a.shape[0] as number) + (b.shape[0] as number);
  const flat = (x: Value) => reshape(x, [(x.shape[0] as number) * width]);
  return reshape(concat(flat(a), flat(b)), [rows, width]);
};

/** 1 for the k largest of each row of p [N, E], ties to the lower index; constant for the gradient. */
function topKMask(p: Value, k: number): Value {
  const { graph } = p;
  const experts = p.shape[1] as number;
  const mine = reshape(p, ['B*T', experts, 1]);
  const other = reshape(p, ['B*T', 1, experts]);
  const before = new Float32Array(experts * experts);
  for (let i = 0; i < experts; i++) for (let j = 0; j < i; j++) before[i * experts + j] = 1;
  const greater = sub(graph.scalar(1), atLeast(mine, other)); // the other is strictly larger
  const tied = mul(equals(mine, other), graph.constant(before, [experts, experts]));
  const rank = reshape(sum(add(greater, tied), [2]), ['B*T', experts]);
  return atLeast(graph.scalar(k - 1), rank);
}

/** Per clip, for the log: mean gates and loads [B, Σ E] and mean entropy of a frame's gates in nats [B, sites]. */
export function routingStatistics(routing: Routing): Record<string, Value> {
  if (routing.gates.length === 0) return {};
  const perClip = (x: Value) => {
    const width = x.shape[1] as number;
    return reshape(mean(reshape(x, ['B', 'T', width]), [1]), ['B', width]);
  };
  const entropy = (p: Value) => scale(sum(mul(p, log(add(p, p.graph.scalar(1e-9)))), [1]), -1);
  const { gates } = routing;
  return {
    gates: concat(...gates.map(({ gates }) => perClip(gates))),
    ...(gates.every(({ kept }) => kept) ? { loads: concat(...gates.map(({ kept }) => perClip(kept!))) } : {}),
    entropy: concat(...gates.map(({ gates }) => perClip(entropy(gates)))),
  };
}
