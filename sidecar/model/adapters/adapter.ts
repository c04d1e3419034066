/** @file What an adapter is to the rest of the house: its parameters, its hook into the graph, its pieces of a file. */
import type { Graph } from '../../engine/graph.ts';
import type { TensorSource } from '../../weights/weight.ts';
import type { ProjectionHook } from '../families/family.ts';
import type { ParameterSpec } from '../parameters.ts';
import type { Routing } from './mixture.ts';

/** A tensor of the adapter's file, and where the flat vector has it: rows × columns of a wider row-major matrix. */
export interface Piece {
  name: string;
  shape: number[];
  parameter: string;
  row: number;
  column: number;
}

export interface Attached {
  hook?: ProjectionHook;
  /** What the routers did, complete once the graph has been built. */
  routing(): Routing;
}

export interface Adapter {
  /** Parameters that the base does not have, in their order. */
  parameters: ParameterSpec[];
  /** Which of the base's own tensors train, the mask embedding left aside. */
  trains(tensor: string): boolean;
  /** The convolutions train too: graphs begin with the waveform, and no feature is cached. */
  fromWave: boolean;
  /** @param training whether what is random in training is built in, and fed */
  attach(graph: Graph, parameter: TensorSource, training: boolean): Attached;
  /** How its own parameters are cut for the file; what no piece covers is written whole. */
  pieces: Piece[];
}

export const nothingAttached = (): Attached => ({ routing: () => ({ gates: [] }) });
