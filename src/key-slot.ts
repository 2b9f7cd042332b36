export const SLOTS = 16_384;

/** What each byte makes of a CRC16 (XMODEM). */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The slot of a cluster that a key is in: CRC16 of its hash tag, or of all of it. */
export function keySlot(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(hashed(key))) {
    crc = ((crc << 8) ^ (TABLE[(crc >> 8) ^ byte] as number)) & 0xffff;
  }
  return crc % SLOTS;
}

/** What stands between the first { and the next }, unless that is nothing. */
function hashed(key: string): string {
  const open = key.indexOf("{");
  if (open === -1) return key;
  const close = key.indexOf("}", open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}
