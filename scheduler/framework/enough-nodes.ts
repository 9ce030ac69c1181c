const leastNodes = 100;
const leastPercent = 5;

/**
 * How many feasible nodes are enough to choose from: all up to 100, then a part that falls from 50 % to 5 % as clusters grow
 * (schedule_one.go numFeasibleNodesToFind, with percentageOfNodesToScore left at 0). 5,000 nodes: 500.
 */
export function enoughNodes(total: number): number {
  if (total < leastNodes) return total;
  const percent = Math.max(leastPercent, 50 - Math.trunc(total / 125));
  return Math.max(leastNodes, Math.trunc((total * percent) / 100));
}
