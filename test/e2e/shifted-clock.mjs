// Preloaded into a server: its dates are ahead of the machine's by the milliseconds in a file, which a test may change.

import fs from 'node:fs';

const SystemDate = Date;
const now = () => SystemDate.now() + Number(fs.readFileSync(process.env.BATON_TEST_AHEAD, 'utf8'));

globalThis.Date = class Date extends SystemDate {
  constructor(...given) {
    super(...(given.length === 0 ? [now()] : given));
  }
  static now() {
    return now();
  }
};
