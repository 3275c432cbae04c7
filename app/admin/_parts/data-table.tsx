'use client'

import {
  type ColumnDef,
  type ColumnVisibilityState,
  columnVisibilityFeature,
  createSortedRowModel,
  FlexRender,
  type RowData,
  rowSortingFeature,
  sortFns,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { ArrowDown, ArrowUp, ChevronsUpDown, Columns3 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type ReactNode, useEffect, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'

const features = tableFeatures({
  columnVisibilityFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns,
})

/**
 * How a column looks: amounts stand at the end; `wide` may wrap and takes what room is left; a phone's cards leave out
 * what is `spare`.
 */
type Look = { align?: 'end'; wide?: boolean; spare?: boolean }

/**
 * A column: `id`, `header` in the reader's language, `cell` to draw it; `accessorFn` gives what it sorts by, only in
 * tables that hold all their rows. The first column names the row and cannot be hidden.
 */
export type DataColumn<Row extends RowData> = ColumnDef<typeof features, Row> & {
  id: string
  header: string
  look?: Look
}

type DataTableProps<Row extends RowData> = {
  /** Names the table for who hears it, and under it the chosen columns are remembered. */
  id: string
  caption: string
  /** Stable between renders: made outside the component, or by useMemo. */
  columns: readonly DataColumn<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  /** Columns that are hidden until somebody asks for them. */
  hidden?: readonly string[]
  /** True where all rows are here and may be sorted; a page of a longer list keeps its order. */
  sortable?: boolean
  /** Shown instead of an empty table. */
  empty: ReactNode
}

/** Rows with columns that can be chosen; on a phone each row is a card with its columns named. */
export function DataTable<Row extends RowData>({
  id,
  caption,
  columns,
  rows,
  rowKey,
  hidden = [],
  sortable = false,
  empty,
}: DataTableProps<Row>) {
  const t = useTranslations('admin')
  const usual = Object.fromEntries(hidden.map((column) => [column, false]))
  const [columnVisibility, setColumnVisibility] = useRemembered(`table-${id}`, usual)
  const table = useTable({
    features,
    columns: columns as ColumnDef<typeof features, Row>[],
    data: rows as Row[],
    getRowId: rowKey,
    enableSorting: sortable,
    state: { columnVisibility },
    onColumnVisibilityChange: setColumnVisibility,
  })
  if (rows.length === 0) return <div className="py-6 text-muted text-sm">{empty}</div>
  const lookOf = (columnId: string) => columns.find((column) => column.id === columnId)?.look
  return (
    <div className="relative">
      <ColumnPicker
        label={t('columns')}
        reset={{ label: t('resetColumns'), press: () => setColumnVisibility(usual) }}
        choices={table
          .getAllLeafColumns()
          .slice(1)
          .map((column) => ({
            id: column.id,
            label: String(column.columnDef.header),
            shown: column.getIsVisible(),
            toggle: () => column.toggleVisibility(),
          }))}
      />
      <div className="sm:overflow-x-auto">
        <table className="data-table figures w-full text-sm" aria-label={caption}>
          <thead className="text-muted text-xs">
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map((header) => {
                  const sorted = header.column.getIsSorted()
                  return (
                    <th
                      key={header.id}
                      scope="col"
                      aria-sort={sorted ? (sorted === 'asc' ? 'ascending' : 'descending') : undefined}
                      className={lookOf(header.column.id)?.align === 'end' ? 'text-end' : 'text-start'}
                    >
                      {header.column.getCanSort() ? (
                        <button
                          type="button"
                          onClick={header.column.getToggleSortingHandler()}
                          className="inline-flex items-center gap-1 hover:text-ink touch:min-h-11"
                        >
                          <FlexRender header={header} />
                          <SortMark sorted={sorted} />
                        </button>
                      ) : (
                        <FlexRender header={header} />
                      )}
                    </th>
                  )
                })}
              </tr>
            ))}
          </thead>
          <tbody>
            {table.getRowModel().rows.map((row) => (
              <tr key={row.id}>
                {row.getVisibleCells().map((cell) => {
                  const look = lookOf(cell.column.id)
                  return (
                    <td
                      key={cell.id}
                      data-label={String(cell.column.columnDef.header)}
                      className={`${look?.align === 'end' ? 'sm:text-end' : ''} ${look?.wide ? 'data-wide' : ''} ${look?.spare ? 'max-sm:hidden!' : ''}`}
                    >
                      <Drawn draw={cell.column.columnDef.cell} context={cell.getContext()} />
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

/**
 * What a column draws for a row. A component that stays the same: columns made anew, as when a page comes again, must not
 * close a dialog that is open in a cell.
 */
function Drawn<Context>({ draw, context }: { draw: unknown; context: Context }): ReactNode {
  return typeof draw === 'function' ? (draw as (context: Context) => ReactNode)(context) : (draw as ReactNode)
}

function SortMark({ sorted }: { sorted: false | 'asc' | 'desc' }) {
  const Icon = sorted === 'asc' ? ArrowUp : sorted === 'desc' ? ArrowDown : ChevronsUpDown
  return <Icon className={`size-3 ${sorted ? '' : 'opacity-50'}`} aria-hidden="true" />
}

type ColumnPickerProps = {
  label: string
  reset: { label: string; press: () => void }
  choices: readonly { id: string; label: string; shown: boolean; toggle: () => void }[]
}

function ColumnPicker({ label, reset, choices }: ColumnPickerProps) {
  return (
    <details className="needs-script group relative mb-1 text-end text-sm">
      <summary className="inline-flex h-8 items-center gap-1.5 rounded-lg px-2 text-muted text-xs hover:bg-soft hover:text-ink touch:h-11">
        <Columns3 className="size-3.5" aria-hidden="true" />
        {label}
      </summary>
      <div className="absolute end-0 z-10 mt-1 min-w-52 rounded-xl border border-line bg-raised p-2 text-start shadow-raised">
        {choices.map(({ id, label: name, shown, toggle }) => (
          <label
            key={id}
            className="flex min-h-9 cursor-pointer items-center gap-2.5 rounded-lg px-2 hover:bg-soft touch:min-h-11"
          >
            <input type="checkbox" checked={shown} onChange={toggle} className="size-4" />
            {name}
          </label>
        ))}
        <Button variant="quiet" size="small" className="mt-1 w-full" onClick={reset.press}>
          {reset.label}
        </Button>
      </div>
    </details>
  )
}

/** State that this browser keeps. The first render shows the usual, as the server does. */
function useRemembered(key: string, usual: ColumnVisibilityState) {
  const [value, setValue] = useState<ColumnVisibilityState>(usual)
  useEffect(() => {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
      if (stored && typeof stored === 'object') setValue(stored as ColumnVisibilityState)
    } catch {
      // A browser that keeps nothing shows the usual columns.
    }
  }, [key])
  const change = (next: ColumnVisibilityState | ((old: ColumnVisibilityState) => ColumnVisibilityState)) => {
    setValue((old) => {
      const chosen = typeof next === 'function' ? next(old) : next
      try {
        localStorage.setItem(key, JSON.stringify(chosen))
      } catch {
        // Likewise.
      }
      return chosen
    })
  }
  return [value, change] as const
}
