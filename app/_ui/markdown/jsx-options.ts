import type { Options } from 'hast-util-to-jsx-runtime'
import { Fragment, jsx, jsxs } from 'react/jsx-runtime'

/** How a rendered tree becomes React elements, so that they are the same elements as in the server's HTML. */
export const JSX_OPTIONS: Options = { Fragment, jsx, jsxs, tableCellAlignToStyle: false }
