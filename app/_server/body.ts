import { AppError } from '#lib/errors.ts'

/**
 * Reads a JSON body, at most `maxBytes` of it.
 * @returns undefined when there is no body
 * @throws {AppError} `message_too_large` beyond the limit; `invalid_input` for bytes that are not UTF-8 or not JSON
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxBytes) throw new AppError('message_too_large')
  const text = decode(await readBytes(request, maxBytes))
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('invalid_input', { message: 'body is not JSON', cause: error })
  }
}

/** Reads a body of at most `maxBytes`. @throws {AppError} `message_too_large` beyond that */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new AppError('message_too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new AppError('invalid_input', { message: 'body is not UTF-8', cause: error })
  }
}
