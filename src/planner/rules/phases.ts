import { mergeRoutes } from './merge/merge-routes.ts'
import { placeTable } from './merge/place-table.ts'
import { pushFilter } from './merge/push-filter.ts'
import { pushInsert } from './merge/push-insert.ts'
import { pushQuery } from './merge/push-query.ts'
import { pushToOneShard } from './merge/push-to-one-shard.ts'
import { pushUnionToOneShard } from './merge/push-union-to-one-shard.ts'
import { takeInOuter } from './merge/take-in-outer.ts'
import { takeInQuery } from './merge/take-in-query.ts'
import { takeInSubqueries } from './merge/take-in-subqueries.ts'
import { bindGroups } from './push/bind-groups.ts'
import { bindJoin } from './push/bind-join.ts'
import { dropDistinct } from './push/drop-distinct.ts'
import { orderGroups } from './push/order-groups.ts'
import { pushAggregate } from './push/push-aggregate.ts'
import { pushDistinct } from './push/push-distinct.ts'
import { pushLimit } from './push/push-limit.ts'
import { pushOrder } from './push/push-order.ts'
import { pushProject } from './push/push-project.ts'
import { pushWindow } from './push/push-window.ts'
import { pushWrite } from './push/push-write.ts'
import { splitAggregate } from './push/split-aggregate.ts'
import { splitDistinct } from './push/split-distinct.ts'
import { splitHaving } from './push/split-having.ts'
import { on } from './rule.ts'
import { type Phase, phase } from './run-phases.ts'
import { askNoShard } from './settle/ask-no-shard.ts'
import { chooseRouting } from './settle/choose-routing.ts'

/** What is done to the tree of a statement, in this order, each phase to its end. */
export const phases: readonly Phase[] = [
  /** Tables are on shards; what is together becomes one route. */
  phase('merge', [
    ...on('Table', { placeTable }),
    ...on('Join', { mergeRoutes, takeInQuery }),
    ...on('OuterJoin', { takeInOuter }),
    ...on('Apply', { takeInSubqueries }),
    ...on('Filter', { pushFilter }),
    ...on('Derived', { pushQuery, pushToOneShard }),
    ...on('Cte', { pushQuery, pushToOneShard }),
    ...on('Aggregate', { pushToOneShard }),
    ...on('Window', { pushToOneShard }),
    ...on('Order', { pushToOneShard }),
    ...on('Distinct', { pushToOneShard }),
    ...on('Limit', { pushToOneShard }),
    ...on('Project', { pushToOneShard }),
    ...on('Union', { pushUnionToOneShard }),
    ...on('Write', { pushInsert }),
  ]),
  /** Each route has its shards. */
  phase('settle', on('Route', { chooseRouting, askNoShard })),
  /** What is done with rows is done by shards, as far as each can do it for its own. */
  phase('push', [
    ...on('Aggregate', { pushAggregate, splitAggregate }),
    ...on('Filter', { splitHaving, pushFilter }),
    ...on('Window', { pushWindow }),
    ...on('Order', { pushOrder, orderGroups }),
    ...on('Distinct', { pushDistinct, splitDistinct, dropDistinct }),
    ...on('Limit', { pushLimit }),
    ...on('Project', { pushProject, bindJoin, bindGroups }),
    ...on('Write', { pushWrite }),
  ]),
]
