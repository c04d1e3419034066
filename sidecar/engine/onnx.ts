/** @file ONNX's wire format: the messages of onnx.proto that we write (numbers as in onnx/onnx v1.16). */
import protobuf from 'protobufjs/light.js';

const field = (id: number, type: string) => ({ id, type });
const many = (id: number, type: string) => ({ id, type, rule: 'repeated' });

const root = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: field(1, 'int64'),
        producer: field(2, 'string'),
        graph: field(7, 'Graph'),
        opsets: many(8, 'Opset'),
      },
    },
    Opset: { fields: { domain: field(1, 'string'), version: field(2, 'int64') } },
    Graph: {
      fields: {
        node: many(1, 'Node'),
        name: field(2, 'string'),
        initializer: many(5, 'Tensor'),
        input: many(11, 'ValueInfo'),
        output: many(12, 'ValueInfo'),
      },
    },
    Node: {
      fields: {
        input: many(1, 'string'),
        output: many(2, 'string'),
        name: field(3, 'string'),
        opType: field(4, 'string'),
        attribute: many(5, 'Attribute'),
        domain: field(7, 'string'),
      },
    },
    Attribute: {
      fields: {
        name: field(1, 'string'),
        f: field(2, 'float'),
        i: field(3, 'int64'),
        s: field(4, 'bytes'),
        g: field(6, 'Graph'),
        ints: many(8, 'int64'),
        type: field(20, 'int32'),
      },
    },
    Tensor: {
      fields: {
        dims: many(1, 'int64'),
        dataType: field(2, 'int32'),
        name: field(8, 'string'),
        rawData: field(9, 'bytes'),
        externalData: many(13, 'Entry'),
        dataLocation: field(14, 'int32'),
      },
    },
    Entry: { fields: { key: field(1, 'string'), value: field(2, 'string') } },
    ValueInfo: { fields: { name: field(1, 'string'), type: field(2, 'Type') } },
    Type: { fields: { tensorType: field(1, 'TensorType') } },
    TensorType: { fields: { elemType: field(1, 'int32'), shape: field(2, 'TensorShape') } },
    TensorShape: { fields: { dim: many(1, 'Dimension') } },
    Dimension: { fields: { dimValue: field(1, 'int64'), dimParam: field(2, 'string') } },
  },
});

export const ONNX_TYPE = { float32: 1, uint8: 2, int8: 3, int64: 7, bool: 9 } as const;

/** Serialises a model given as plain objects with the field names above. */
export function encodeModel(model: object): Uint8Array {
  const type = root.lookupType('Model');
  return type.encode(type.fromObject(model)).finish();
}
