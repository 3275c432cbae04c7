import { readRequestInfo } from '#app/_server/context.ts'
import { failureResponse } from '#app/_server/route.ts'
import { AppError } from '#lib/errors.ts'

/** An address that does not exist answers like those that do, and not with a page. */
function refuse(request: Request): Response {
  return failureResponse(new AppError('not_found'), readRequestInfo(request.headers).id)
}

export { refuse as DELETE, refuse as GET, refuse as PATCH, refuse as POST, refuse as PUT }
