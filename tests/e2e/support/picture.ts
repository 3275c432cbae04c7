import { crc32, deflateSync } from 'node:zlib'

/** A PNG of dark and light squares, for where an operator would put a code to scan. */
export function drawCode(squares = 29, squareSize = 8): Buffer {
  const size = squares * squareSize
  const isDark = (x: number, y: number) => ((x * 7 + y * 13 + ((x * y) % 5)) & 3) < 2
  const lines = Array.from({ length: size }, (_, y) => [
    0,
    ...Array.from({ length: size }, (_, x) =>
      isDark(Math.floor(x / squareSize), Math.floor(y / squareSize)) ? 0 : 255,
    ),
  ])
  const head = Buffer.alloc(13)
  head.writeUInt32BE(size, 0)
  head.writeUInt32BE(size, 4)
  // Eight bits of grey.
  head.writeUInt8(8, 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.from(lines.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
