"""Events the press claims. True and false claims come from the same stories: wording never tells which is which."""

from typing import Final

from company.world.press.grammar import Story

GOOD: Final = (
    Story(
        titles=(
            "{coin} funds draw ${amount:140-890} million, the biggest inflow since {month}",
            "{fund} says inflows to its {coin} fund surged to ${amount:140-890} million",
            "Record inflow: ${amount:140-890} million goes into {coin} products in one day",
        ),
        summaries=(
            "Investors put ${amount:140-890} million into {coin} funds in a single session, the strongest inflow since "
            "{month}. {fund} took the largest part.",
            "Money is returning to {coin}: funds gained ${amount:140-890} million in new subscriptions, led by {fund}.",
        ),
        details=(
            "Pension clients accounted for about {part:20-45} percent of the money.",
            "{person}, {role} at {fund}, said orders had come in since {weekday}.",
            "Issuers have to buy the underlying coins within two days.",
            "Fees of the products were not changed.",
        ),
        cause="a record inflow into its funds",
    ),
    Story(
        titles=(
            "{regulator} approves first spot {coin} fund in {country}",
            "{country} clears the way for {coin} funds as watchdog approves application",
            "{fund} wins approval for {coin} fund in {country}",
        ),
        summaries=(
            "{regulator} has approved a spot {coin} fund by {fund}, the first of its kind in {country}.",
            "After {wait:7-22} months of review, a spot {coin} fund of {fund} was approved in {country}.",
        ),
        details=(
            "Trading may begin as early as {weekday}.",
            "{rivals:3-9} further applications are on the desk of the authority.",
            "{person} of {fund} called the decision a milestone for savers.",
            "Coins will be held by {custodian}.",
        ),
        cause="the approval of a spot fund",
    ),
    Story(
        titles=(
            "{holder} adds ${amount:60-480} million of {coin} to its treasury",
            "{holder} raises {coin} reserve, buys another ${amount:60-480} million",
            "Filing: {holder} accumulates {coin} worth ${amount:60-480} million",
        ),
        summaries=(
            "{holder} bought {coin} for ${amount:60-480} million and plans to add more, a filing shows.",
            "The board of {holder} has raised the share of {coin} in the company's reserves after buying "
            "${amount:60-480} million worth.",
        ),
        details=(
            "The purchase was made in {steps:3-14} steps through {exchange}.",
            "{person}, {role} at {holder}, said the position would be held for years.",
            "The company does not intend to borrow for the purchase.",
            "It now ranks among the {rank:10-40} largest corporate holders.",
        ),
        cause="a large treasury purchase",
    ),
    Story(
        titles=(
            "{network} activates {release} upgrade without a hitch",
            "{release} upgrade goes live on {network}, cutting costs for users",
            "Developers complete {network}'s {release} upgrade ahead of plan",
        ),
        summaries=(
            "The {release} upgrade is live on {network}. Early figures show capacity improved by {gain:20-70} percent.",
            "{network} has completed its {release} upgrade; nodes report stable operation and higher throughput.",
        ),
        details=(
            "About {nodes:88-99} percent of validators run the new version.",
            "{person}, {role} of the release team, thanked {testers:40-300} volunteers who tested it.",
            "Wallet providers had prepared for months.",
            "The next release is planned for {month}.",
        ),
        cause="a smooth network upgrade",
    ),
    Story(
        titles=(
            "{bank} opens {coin} custody to {clients:2-9} million clients",
            "{bank} partners with {custodian} to offer {coin} accounts",
            "Clients of {bank} gain access to {coin} from {weekday}",
        ),
        summaries=(
            "{bank} will let retail clients hold {coin} next to their savings, in a partnership with {custodian}.",
            "One of the larger lenders of {country}, {bank}, adds {coin} accounts for {clients:2-9} million clients.",
        ),
        details=(
            "Accounts open in {city} first; other branches follow by {month}.",
            "{person}, {role} at {bank}, spoke of strong demand.",
            "Deposits of coins are insured up to a limit.",
            "The bank expanded its desk by {staff:12-60} people.",
        ),
        cause="a bank's entry into custody",
    ),
    Story(
        titles=(
            "Case dismissed: {court} clears {coin} issuers of securities claim",
            "{court} throws out lawsuit over sales of {coin}",
            "Win for {coin} holders as {court} dismisses case of {regulator}",
        ),
        summaries=(
            "{court} has dismissed the case over sales of {coin}, a win for holders after {wait:9-40} months.",
            "The lawsuit against promoters of {coin} was dismissed; {regulator} did not prove its claim.",
        ),
        details=(
            "The ruling has {pages:40-130} pages and sets a precedent, lawyers said.",
            "{person}, a lawyer for the defence, welcomed the clarity.",
            "An appeal is possible until {month}.",
            "{exchange} had delisted the coin when the case began.",
        ),
        cause="the dismissal of a court case",
    ),
    Story(
        titles=(
            "{country} accepts {coin} for tax payments in pilot",
            "{city} approves plan to hold {coin} in municipal reserve",
            "Adoption grows: {country} to allow {coin} in state pension fund",
        ),
        summaries=(
            "{country} approved a pilot that accepts {coin} from {firms:200-2000} firms, officials said in {city}.",
            "Lawmakers in {country} backed the wider use of {coin} by {votes:54-81} percent of votes.",
        ),
        details=(
            "The finance ministry converts payments the same day through {exchange}.",
            "{person}, an economist, expects other cities to follow.",
            "The pilot runs until {month}.",
            "A first report is due after {weeks:6-20} weeks.",
        ),
        cause="official adoption",
    ),
    Story(
        titles=(
            "Supply of {coin} on exchanges shrinks as {part:4-18} percent moves into staking and cold storage",
            "{protocol} commits ${amount:90-700} million to {coin} buyback",
            "Holders lock away {coin}: exchange balances hit multi-year low, a bullish sign",
        ),
        summaries=(
            "Long-term holders keep withdrawing {coin} from exchanges; analysts call the squeeze bullish.",
            "A buyback and lock-up by {protocol} will take {coin} worth ${amount:90-700} million off the market.",
        ),
        details=(
            "Balances at {exchange} are down by {part:4-18} percent since {month}.",
            "{person}, {role} at {fund}, said there was little on offer.",
            "Lock-ups last between {months:3-12} and 24 months.",
            "The measure was approved by holders on {weekday}.",
        ),
        cause="shrinking supply on exchanges",
    ),
)

BAD: Final = (
    Story(
        titles=(
            "Hackers drain ${amount:35-320} million in {coin} from {protocol}",
            "{protocol} exploited: {coin} worth ${amount:35-320} million stolen",
            "{protocol} confirms breach, ${amount:35-320} million of {coin} gone",
        ),
        summaries=(
            "Attackers have stolen {coin} worth ${amount:35-320} million from {protocol}, which halted withdrawals.",
            "{protocol} was hacked; first estimates put the loss at ${amount:35-320} million in {coin}.",
        ),
        details=(
            "The thieves split the funds over {wallets:12-90} addresses.",
            "{person}, {role} at a security firm, pointed to a stolen signing key.",
            "{exchange} froze a small part of the coins.",
            "An audit in {month} had warned of the weakness.",
        ),
        cause="a large hack",
    ),
    Story(
        titles=(
            "{regulator} opens probe into {coin} trading at {exchange}",
            "{regulator} sues {exchange} over {coin} sales",
            "{exchange} under investigation, {coin} desk searched in {city}",
        ),
        summaries=(
            "{regulator} has opened a probe into {coin} trading at {exchange}; offices in {city} were raided.",
            "{exchange} is being sued over its sales of {coin}; penalties of up to ${amount:80-600} million loom.",
        ),
        details=(
            "Investigators took {boxes:12-70} boxes of documents.",
            "{person}, {role} at {exchange}, said the company would cooperate.",
            "{others:2-5} other venues received letters.",
            "A hearing is set for {month}.",
        ),
        cause="an investigation of a large exchange",
    ),
    Story(
        titles=(
            "{exchange} to delist {coin} pairs from {weekday}",
            "{exchange} suspends {coin} trading, cites compliance concerns",
            "{country} venues delist {coin} after order of {regulator}",
        ),
        summaries=(
            "{exchange} will delist {coin}; open positions are closed on {weekday}.",
            "Trading in {coin} was suspended at {exchange} after a review that found compliance failures.",
        ),
        details=(
            "The venue handled {part:6-24} percent of the coin's volume.",
            "{person}, {role} at {fund}, fears forced selling.",
            "Clients have {days:5-30} days to withdraw.",
            "Other venues in {country} said they were reviewing their listings.",
        ),
        cause="a delisting by a large exchange",
    ),
    Story(
        titles=(
            "{network} halted for {hours:2-11} hours after consensus failure",
            "Outage on {network}: block production stalled, transfers suspended",
            "{network} stalls again, validators scramble to restart",
        ),
        summaries=(
            "{network} stopped producing blocks; exchanges suspended deposits and validators are restarting.",
            "A consensus failure has halted {network}. Engineers warn that a restart may take {hours:2-11} hours.",
        ),
        details=(
            "About {nodes:30-64} percent of validators were lost at once.",
            "{person}, {role} of the core team, blamed a memory error.",
            "It is the {count:2-6}th disruption since {month}.",
            "{protocol} reported failed liquidations.",
        ),
        cause="an outage of its network",
    ),
    Story(
        titles=(
            "Dormant wallet dumps {coin} worth ${amount:70-520} million on {exchange}",
            "{holder} sells entire {coin} position at a loss",
            "{fund} offloads ${amount:70-520} million of {coin} as outflows mount",
        ),
        summaries=(
            "Coins worth ${amount:70-520} million moved to {exchange} and are being sold, weighing on {coin}.",
            "{holder} and {fund} cut their {coin} positions amid heavy outflows.",
        ),
        details=(
            "The coins had not moved for {years:4-11} years.",
            "{person}, {role} at {fund}, warned of further selling pressure.",
            "Order books were thin at the time.",
            "Outflows from funds reached a high for the quarter.",
        ),
        cause="heavy selling by large holders",
    ),
    Story(
        titles=(
            "{regulator} rejects {coin} fund of {fund}",
            "Decision on {coin} fund delayed again, {fund} withdraws application",
            "Setback for {coin}: {fund} fails to win fund approval in {country}",
        ),
        summaries=(
            "{regulator} rejected the {coin} fund of {fund}, citing weak supervision of markets.",
            "{fund} has withdrawn its application for a {coin} fund after {regulator} raised serious concerns.",
        ),
        details=(
            "The paper lists {points:5-19} open points.",
            "{person} of {fund} was disappointed.",
            "A new attempt is unlikely before {month}.",
            "Shares of {custodian} fell {drop:3-12} percent.",
        ),
        cause="the rejection of a fund",
    ),
    Story(
        titles=(
            "{custodian} pauses {coin} withdrawals amid insolvency fears",
            "{custodian} files for bankruptcy, {coin} of {clients:20-400} thousand clients stuck",
            "Lender {protocol} insolvent after {coin} loans default",
        ),
        summaries=(
            "{custodian} paused withdrawals of {coin}; a shortfall of ${amount:50-480} million is feared.",
            "A hole of ${amount:50-480} million in {coin} has pushed a lender towards bankruptcy.",
        ),
        details=(
            "{person}, {role} at {fund}, spoke of a run.",
            "The last audit dates from {month}.",
            "{bank} has cut its credit line.",
            "An administrator was named in {city}.",
        ),
        cause="fears of an insolvency",
    ),
    Story(
        titles=(
            "Critical vulnerability found in {network} client, operators warned",
            "{country} moves to ban {coin} payments",
            "{country} lawmakers back punitive tax on {coin} gains",
        ),
        summaries=(
            "A threat to {coin}: officials and engineers warn of serious losses if nothing is done by {weekday}.",
            "{coin} holders in {country} face severe restrictions, according to papers seen in {city}.",
        ),
        details=(
            "{person}, {role} at {fund}, called it a blow.",
            "A vote is expected in {month}.",
            "{exchange} said it may suspend business there.",
            "About {part:10-60} percent of users would be affected.",
        ),
        cause="a threat from lawmakers and faulty software",
    ),
)

AFTER_RISE: Final = (
    "{coin} jumps {pct}% within minutes after {cause}",
    "{coin} surges {pct}% on {cause}",
    "Why {coin} is up {pct}%: traders point to {cause}",
    "{ticker} rallies {pct}% as short sellers are caught out",
    "{coin} climbs {pct}% in sudden move, volume triples",
)

AFTER_FALL: Final = (
    "{coin} plunges {pct}% within minutes after {cause}",
    "{coin} tumbles {pct}% on {cause}",
    "Why {coin} is down {pct}%: traders point to {cause}",
    "{ticker} slides {pct}% as leveraged longs are liquidated",
    "{coin} drops {pct}% in sudden move, volume triples",
)

AFTERMATH: Final = (
    "The move took place within a few minutes and was seen on all large venues.",
    "Desks spoke of {cause} as the trigger.",
    "Positions worth ${closed:20-310} million were closed by force.",
    "{person}, {role} at {fund}, expects the market to calm by {weekday}.",
    "Order books were thin before the move.",
    "Options dealers raised their quotes for the coming week.",
    "Trading at {exchange} ran without disruption.",
)

CONTEXT: Final = (
    "{coin} is among the five instruments most traded on the large venues.",
    "Volume in {coin} had been close to its monthly average before.",
    "Neither {exchange} nor {custodian} commented.",
    "Prices on different venues were within a few hundredths of a percent of each other.",
    "Analysts at {fund} have kept their view on {coin} unchanged for the quarter.",
    "The next regular meeting of the developers is on {weekday}.",
    "Some of the figures could not be checked independently.",
    "Readers will find the documents in the appendix to this report.",
)
