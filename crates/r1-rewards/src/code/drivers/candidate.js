// Calls functions of main.js for whoever is at descriptors 3 and 4. It never learns what is expected.
'use strict';
(async () => {
  const fs = require('fs'), vm = require('vm');
  const { readSync, writeSync } = fs;
  const { parse, stringify } = JSON;
  const { isArray } = Array, { isInteger, isSafeInteger } = Number, { is } = Object;
  const concat = Buffer.concat.bind(Buffer), from = Buffer.from.bind(Buffer), alloc = Buffer.alloc.bind(Buffer);

  const hex = (n) => (n < 0n ? '-0x' + (-n).toString(16) : '0x' + n.toString(16));
  const encode = (x, depth = 0) => {
    if (depth > 100) return ['?', 'too deep'];
    if (x === undefined || x === null) return null;
    if (typeof x === 'boolean' || typeof x === 'string') return x;
    if (typeof x === 'bigint') return ['i', hex(x)];
    if (typeof x === 'number') return isInteger(x) && !is(x, -0) ? ['i', hex(BigInt(x))] : ['f', String(x)];
    if (isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView))) {
      const out = [];
      for (let i = 0; i < x.length; i++) out.push(encode(x[i], depth + 1));
      return ['l', out];
    }
    if (x instanceof Set) return ['s', [...x].map((item) => encode(item, depth + 1))];
    if (x instanceof Map) return ['d', [...x].map(([k, v]) => [encode(k, depth + 1), encode(v, depth + 1)])];
    if (typeof x === 'object') return ['d', Object.keys(x).map((k) => [k, encode(x[k], depth + 1)])];
    return ['?', typeof x];
  };
  const decode = (x) => {
    if (!isArray(x)) return x;
    const [kind, body] = x;
    if (kind === 'i') {
      const n = body.startsWith('-') ? -BigInt(body.slice(1)) : BigInt(body);
      return isSafeInteger(Number(n)) ? Number(n) : n;
    }
    if (kind === 'f') return Number(body);
    if (kind === 'd') return Object.fromEntries(body.map(([k, v]) => [decode(k), decode(v)]));
    return body.map(decode);
  };

  // As a file of node's has them; declarations at the top stay visible to the calls.
  const unit = { exports: {} };
  Object.assign(globalThis, { require, module: unit, exports: unit.exports });
  let trouble = null;
  try {
    let source = fs.readFileSync('main.js', 'utf8');
    // The marks of a module that exports what it declares mean nothing here.
    source = source.replace(/^export\s+default\s+(?=(async\s+)?function\b|class\b)/gm, '').replace(/^export\s+(?=(async\s+)?function\b|class\b|const\b|let\b|var\b)/gm, '');
    source = source.replace(/^export\s+default\s+/gm, 'module.exports = ').replace(/^export\s*\{[^}]*\};?/gm, '');
    vm.runInThisContext(source, { filename: 'main.js' });
  } catch (error) {
    trouble = { error };
  }
  const find = (name) => {
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) throw new Error('no name');
    const found = vm.runInThisContext(`typeof ${name} === 'function' ? ${name} : undefined`);
    if (found) return found;
    const given = unit.exports;
    if (given && typeof given[name] === 'function') return given[name].bind(given);
    if (typeof given === 'function' && !/^class\b/.test(Function.prototype.toString.call(given))) return given;
    const Solution = vm.runInThisContext(`typeof Solution === 'function' ? Solution : undefined`);
    if (Solution && Object.hasOwn(Solution, name) && typeof Solution[name] === 'function') return Solution[name].bind(Solution);
    const solution = Solution && new Solution();
    if (!solution || typeof solution[name] !== 'function') throw new ReferenceError(name);
    return solution[name].bind(solution);
  };

  let rest = alloc(0);
  const chunk = alloc(1 << 16);
  for (;;) {
    let end;
    while ((end = rest.indexOf(10)) < 0) {
      const count = readSync(3, chunk);
      if (count === 0) return;
      rest = concat([rest, chunk.subarray(0, count)]);
    }
    const request = parse(rest.subarray(0, end).toString());
    rest = rest.subarray(end + 1);
    const record = { n: request.n };
    try {
      if (trouble) throw trouble.error;
      const args = request.a.map(decode);
      const value = await find(request.f)(...args);
      record.r = encode(value);
      if (value === undefined && args.length > 0 && typeof args[0] === 'object') record.i = encode(args[0]);
    } catch (error) {
      record.e = String(error && error.name);
      record.m = String(error && error.message).slice(0, 200);
    }
    let data = from(stringify(record) + '\n');
    while (data.length > 0) data = data.subarray(writeSync(4, data));
  }
})();
