/**
 * The part of the metadata reflection that @peculiar/x509's injection container asks for when it is loaded: values
 * by key on a class. Imported before it.
 */
const values = new WeakMap<object, Map<unknown, unknown>>();

const getOwnMetadata = (key: unknown, target: object): unknown => values.get(target)?.get(key);

const getMetadata = (key: unknown, target: object): unknown => {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
    if (values.get(at)?.has(key)) return getOwnMetadata(key, at);
  }
  return undefined;
};

const defineMetadata = (key: unknown, value: unknown, target: object): void => {
  values.set(target, (values.get(target) ?? new Map()).set(key, value));
};

Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata });
