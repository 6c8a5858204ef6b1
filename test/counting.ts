// A value whose reads are counted: proves that work is bounded without a clock, which a busy machine would make wrong.

/** The value, and how many keys and elements of it were read so far, however deep they lie. */
export function counting<T extends object>(value: T): { value: T; reads(): number } {
  let reads = 0;
  const seen = new WeakMap<object, object>();
  const wrap = (inner: unknown): unknown => {
    if (typeof inner !== 'object' || inner === null) return inner;
    const known = seen.get(inner);
    if (known !== undefined) return known;
    const proxy = new Proxy(inner, {
      get(target, key, receiver) {
        reads += 1;
        return wrap(Reflect.get(target, key, receiver));
      },
      ownKeys(target) {
        const keys = Reflect.ownKeys(target);
        reads += keys.length;
        return keys;
      },
    });
    seen.set(inner, proxy);
    return proxy;
  };
  return { value: wrap(value) as T, reads: () => reads };
}
