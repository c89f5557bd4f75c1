"""Everything the press writes that moves no price: background, and the doings of rival companies."""

from typing import Final

from company.world.press.grammar import Story

BACKGROUND: Final = (
    Story(
        titles=(
            "How to spot a false {wallet} app",
            "Police in {city} warn of callers who pose as {wallet} support",
            "Readers in {country} report phishing letters",
        ),
        summaries=("Callers and letters that pose as {wallet} support ask for recovery words. No maker ever does.",),
        details=(
            "Officers in {city} count about {cases:6-60} cases a month.",
            "{person} of {custodian} advises to hang up and call back.",
            "The typical loss is small, the worry is not.",
        ),
    ),
    Story(
        titles=(
            "{network} foundation supports {projects:5-40} open-source projects",
            "Grants of ${seed:3-28} million for {network} tooling",
            "Maintainers of {network} libraries meet in {city}",
        ),
        summaries=(
            "The foundation behind {network} pays for {projects:5-40} projects, most of them run by volunteers.",
        ),
        details=(
            "Applications are open until {month}.",
            "{person}, {role} at the foundation, named documentation as the focus.",
            "Reports on the money spent are published.",
        ),
    ),
    Story(
        titles=(
            "{teams:14-90} teams compete at hackathon in {city}",
            "Students of {university} build ticket machine that takes {coin}",
            "Charity in {country} publishes its {coin} donations",
        ),
        summaries=("A weekend in {city}: {teams:14-90} teams, little sleep and many prototypes.",),
        details=(
            "{person}, a juror, liked the simple ideas most.",
            "Prizes were paid by {bank}.",
            "All code was published.",
        ),
    ),
    Story(
        titles=(
            "{network} developers publish agenda for {weekday} call",
            "What {network}'s core developers will discuss this {weekday}",
            "Notes from the {network} developer call: {topics:4-11} topics, few decisions",
        ),
        summaries=("The {network} developers discuss {topics:4-11} topics on {weekday}, most of them about tooling.",),
        details=(
            "{person} moderates the call.",
            "A proposal on fee estimates was put off to {month}.",
            "The recording is published the same evening.",
        ),
    ),
    Story(
        titles=(
            "{city} conference on digital assets expects {guests:2-9} thousand guests",
            "Programme of {city} blockchain week is out",
            "{person} to open digital asset forum in {city}",
        ),
        summaries=("Organisers of the {city} conference presented their programme with {talks:60-240} talks.",),
        details=(
            "Tickets are sold from {weekday}.",
            "{bank} and {custodian} are among the exhibitors.",
            "Students pay half.",
        ),
    ),
    Story(
        titles=(
            "Explainer: how {coin} transactions are confirmed",
            "A beginner's guide to fees on {network}",
            "Five questions about {coin} custody, answered",
        ),
        summaries=(
            "Our explainer goes through the basics of {network}, from keys to fees, in {minutes:4-12} minutes.",
        ),
        details=(
            "It was written with {person}, {role} at {fund}.",
            "Terms are explained in a glossary.",
            "A quiz at the end lets readers test themselves.",
        ),
    ),
    Story(
        titles=(
            "Survey: {heard:18-44} percent in {country} have heard of {coin} funds",
            "Half of {country}'s advisers get questions about {coin}, survey finds",
            "Study of {university} looks at who holds {coin}",
        ),
        summaries=(
            "Researchers from {university} asked {asked:900-4000} people in {country} what they know about {coin}.",
        ),
        details=(
            "Answers hardly differ between towns and villages.",
            "{person}, who led the study, advises against quick conclusions.",
            "The data are open to other researchers.",
        ),
    ),
    Story(
        titles=(
            "Column: {opinion}",
            "{person}: {opinion}",
            "Letter from {city}: {opinion}",
        ),
        summaries=("A personal view by {person}, who has traded for {years:8-30} years.",),
        details=(
            "Most days, nothing happens, and that is the lesson.",
            "Readers will disagree, and they should write to us.",
            "The column appears every second {weekday}.",
        ),
    ),
    Story(
        titles=(
            "{wallet} ships firmware {major:2-6}.{minor:0-9} with new recovery screen",
            "Review: {wallet}, a hardware wallet for people who lose things",
            "{wallet} redesigns its hardware wallet, keeps the price",
        ),
        summaries=("The maker of {wallet} updates its device with a larger screen and a simpler recovery.",),
        details=(
            "The update takes {minutes:3-15} minutes.",
            "{person}, {role} at the maker, recommends a test with small sums.",
            "Older devices get the same software in {month}.",
        ),
    ),
    Story(
        titles=(
            "Start-up from {city} raises ${seed:3-28} million for settlement software",
            "{fund} leads small round for payroll start-up in {city}",
            "Founders of {protocol} open office in {city}",
        ),
        summaries=("A young company in {city} wants to make settlement between brokers simpler.",),
        details=(
            "It employs {staff:9-60} people.",
            "{person} joins the board.",
            "A first product is planned for {month}.",
        ),
    ),
    Story(
        titles=(
            "Calendar until {weekday}: {topics:4-11} dates to know about",
            "What {weekday} brings: data from {country}, votes, a conference in {city}",
            "Dates to note: {month} brings {topics:4-11} votes and one conference",
        ),
        summaries=("Our calendar lists the dates of the coming days, from inflation data to developer calls.",),
        details=(
            "Most of the dates have long been known.",
            "{country} publishes its consumer prices on {weekday}.",
            "Times are given in UTC.",
        ),
    ),
    Story(
        titles=(
            "Desk notes: who quotes {coin} at night",
            "How options desks hedge {coin}, in {charts:4-9} charts",
            "Market makers compare notes on {coin} at meeting in {city}",
        ),
        summaries=("A look at the people who quote {coin} around the clock, and at the tools they use.",),
        details=(
            "{person}, {role} at {fund}, sees a craft that is slowly automated.",
            "Night shifts are staffed with {staff:2-6} people.",
            "Most desks use the same three data feeds.",
        ),
    ),
    Story(
        titles=(
            "{country} publishes consultation on reporting rules for brokers",
            "{regulator} asks for comments on disclosure forms",
            "Accountants propose common format for {coin} balances",
        ),
        summaries=("The consultation has {pages:24-140} pages and is open for {weeks:6-20} weeks.",),
        details=(
            "Rules would apply in two years at the earliest.",
            "{person}, {role} at {bank}, called the paper technical.",
            "A hearing is planned in {city}.",
        ),
    ),
    Story(
        titles=(
            "Artists auction prints backed by {network} records in {city}",
            "Museum in {city} shows early {coin} memorabilia",
            "Documentary about the first {coin} users premieres in {city}",
        ),
        summaries=("An exhibition in {city} tells the story of {coin} through {pieces:30-120} objects.",),
        details=(
            "{person} curated the show.",
            "Admission is free on {weekday}.",
            "A catalogue is in preparation.",
        ),
    ),
    Story(
        titles=(
            "{university} opens course on cryptography for journalists",
            "Scholarships: {fund} pays for {places:5-40} students of mathematics",
            "{university} researchers describe faster signature scheme",
        ),
        summaries=("The mathematics faculty of {university} widens its programme with help from {fund}.",),
        details=(
            "Lectures start in {month}.",
            "{person} teaches the first term.",
            "The material will be free to use.",
        ),
    ),
    Story(
        titles=(
            "{custodian} hires {person} as {role}",
            "{exchange} names {person} as new {role}",
            "{person} leaves {bank} after {years:4-19} years",
        ),
        summaries=("{person} changes employer; both sides spoke of an amicable step.",),
        details=(
            "The change takes effect in {month}.",
            "{person} had worked in {city} before.",
            "The post had been open since {weekday}.",
        ),
    ),
    Story(
        titles=(
            "How a bakery in {city} came to accept {coin}",
            "One year on: the {city} café that takes {coin}",
            "Farmers' market in {city} tests {coin} at {stalls:6-40} stalls",
        ),
        summaries=("Small sums, few customers, many conversations: a visit to shops in {city} that take {coin}.",),
        details=(
            "About {part:1-5} percent of customers pay that way.",
            "{person}, the owner, keeps a notebook of questions.",
            "Card payments remain the rule.",
        ),
    ),
    Story(
        titles=(
            "Electricity use of {network} explained in {charts:4-9} charts",
            "By the numbers: {network} in the second half of the year",
            "{network} statistics: addresses, fees and block sizes",
        ),
        summaries=("Charts on the use of {network}: addresses, fees, and how they have changed since {month}.",),
        details=(
            "The number of addresses is not the number of people.",
            "{person} collected the data.",
            "Weekends differ little from weekdays.",
        ),
    ),
    Story(
        titles=(
            "Podcast: {person} on {years:8-30} years of market making",
            "Interview: {person} of {custodian} on keys, vaults and sleep",
            "Reading list: {books:4-9} books on market structure",
        ),
        summaries=("{person} talks about a career in markets, about mistakes, and about the future of settlement.",),
        details=(
            "The conversation lasts {length:35-90} minutes.",
            "A transcript is available.",
            "Recorded in {city}.",
        ),
    ),
)

SETTING: Final = (
    "The figures are published every quarter.",
    "A longer report will follow in {month}.",
    "{person} has covered the field since {since:2012-2021}.",
    "None of this has been linked to a price so far.",
    "Comments can be sent to the editors until {weekday}.",
    "The next event of the kind takes place in {city}.",
)

COMPETITOR: Final = (
    Story(
        titles=(
            "{rival} launches {rival_product} for small firms",
            "{rival} unveils {rival_product}, starts beta with {testers:40-300} customers",
            "{rival} rolls out {rival_product} in {country}",
            "{rival} releases {rival_product} that works with spreadsheets",
        ),
        summaries=("{rival} presented its {rival_product}; the company says set-up takes {minutes:5-45} minutes.",),
        details=(
            "{person}, {role} at {rival}, showed the product in {city}.",
            "Customers approve each order by hand.",
            "A version for larger firms is announced for {month}.",
        ),
    ),
    Story(
        titles=(
            "{rival} cuts prices of its {rival_product} by {cut:10-50} percent",
            "{rival} introduces free tier for its {rival_product}",
            "{rival} to charge per seat, from ${fee:15-90} a month",
            "{rival} raises subscription prices for its {rival_product}",
        ),
        summaries=("{rival} changes its price list on {weekday}; existing contracts run on unchanged.",),
        details=(
            "The {rival_product} now starts at ${fee:15-90} a month.",
            "{person}, {role} at {rival}, pointed to falling computing costs.",
            "Resellers were told last week.",
        ),
    ),
    Story(
        titles=(
            "{rival} outage leaves customers without agents for {hours:2-11} hours",
            "{rival} reports degraded service in {city} region",
            "Customers of {rival} locked out as sign-in goes down",
            "{rival} apologises after {rival_product} sat offline overnight",
        ),
        summaries=("Customers of {rival} could not reach its {rival_product} for {hours:2-11} hours.",),
        details=(
            "{person}, {role} at {rival}, blamed an expired certificate.",
            "A report on the incident is promised by {weekday}.",
            "No data were lost, the company said.",
        ),
    ),
    Story(
        titles=(
            "{rival} raises ${round:12-140} million led by {fund}",
            "{fund} backs {rival} in ${round:12-140} million round",
            "{rival} acquires {city} data start-up",
            "Investors value {rival} at ${worth:1-9} billion",
        ),
        summaries=("{rival} has new money for its {rival_product}; {fund} takes a seat on the board.",),
        details=(
            "{person} of {fund} joins the board.",
            "The company employs {staff:40-420} people.",
            "It plans offices in {city} and {country}.",
        ),
    ),
)
