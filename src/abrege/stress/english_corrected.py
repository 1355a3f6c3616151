"""English cases in which something is corrected, once or twice."""

from abrege.stress.rules import Says, Tells
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "corrected-once",
        """
        {she1}: Hi {he1}, are we still meeting about the summer fair this week?
        {he1}: Yes, {day1} at the café, same table as last time.
        {she1}: Lovely. Shall I bring the list of stallholders?
        {he1}: Please do, and the map of the green if you have it. The council wants to know where
          the stage goes.
        {she1}: I have both. See you then!
        {he1}: Sorry, hang on. I've just looked at my diary and I'm at the dentist that day. It has
          to be {day2}.
        {she1}: {day2} is fine with me. I'll tell the others.
        """,
        "says that the meeting about the fair is on {day2}",
        (Says("{day2}", "day", ("{day1}",)), Tells(("meet*|fair|appointment",))),
        (
            "{she1} and {he1} will meet on {day2} to talk about the summer fair.",
            "The meeting was moved from {day1} to {day2}.",
        ),
        (
            "{she1} and {he1} are meeting at the café on {day1} to talk about the summer fair.",
            "{he1} moved the meeting from {day2} to {day1}.",
            "{she1} will bring the list of stallholders and the map.",
        ),
    ),
    Template(
        "corrected-once",
        """
        Subject: {she1}'s leaving party

        Dear all,
        As you know, {she1} leaves us at the end of the month after eleven years in accounts. We
          would like to give her a proper send-off, so please come to {hall1} on Friday from six
          o'clock. There will be food, a few short speeches and, if {he1} has his way, dancing.

        Best wishes,
        {he2}

        PS Forgive me, I wrote this too fast. It turns out that {hall1} is taken by a wedding that
          evening, and we have booked {hall2} instead. Everything else stays as above.
        """,
        "says that the party is at {hall2}",
        (Says("{hall2}", "word", ("{hall1}",)), Tells(("party|send-off|farewell|leaving",))),
        (
            "{she1}'s leaving party is on Friday at six in {hall2}, not in {hall1}.",
            "Because {hall1} is taken, the farewell party for {she1} will be at {hall2}.",
        ),
        (
            "{he2} invites everyone to {she1}'s leaving party at {hall1} on Friday.",
            "The leaving party for {she1} is at {hall1} and not at {hall2}.",
            "{she1} leaves after eleven years and there will be a party with food and speeches.",
        ),
    ),
    Template(
        "corrected-once",
        """
        Notes of the allotment committee. Present: {she1}, {he1}, {she2}.

        The committee went through the jobs for spring. The fence by the lane is finished. The water
          butts will be cleaned before Easter.
        For the new raised beds, {he1} reported that {count1} bags of compost are needed and that
          the garden centre will deliver them free of charge.
        {she2} will write to the members about the key to the shed.
        Correction, added by {he1} after the meeting: I had misread my own handwriting. The number
          of bags to be ordered is {count2}, and {she1} has been told.
        """,
        "says that {count2} bags of compost are to be ordered",
        (Says("{count2}", "number", ("{count1}",)), Tells(("compost|bags",))),
        (
            "The committee will order {count2} bags of compost for the raised beds.",
            "{he1} first reported {count1} bags of compost, but corrected the number to {count2}.",
        ),
        (
            "{he1} said that {count1} bags of compost are needed for the raised beds.",
            "The order for compost was changed from {count2} to {count1} bags.",
            "The fence is finished and compost will be delivered free of charge.",
        ),
    ),
    Template(
        "corrected-once",
        """
        The small boat to the island, which takes walkers home from the coast path, has a new
          timetable from this weekend. According to the notice on the pier, the last boat will leave
          at {hour1} every day until the end of September.
        The ferry company said the change was made at the request of the hotels. Tickets can be
          bought on board.
        Correction: the notice on the pier contained an error. The ferry company has asked us to
          point out that the last boat leaves at {hour2}. Passengers should be at the pier ten
          minutes before.
        """,
        "says that the last boat leaves at {hour2}",
        (Says("{hour2}", "hour", ("{hour1}",)), Tells(("boat|ferry",))),
        (
            "The last boat leaves at {hour2}, not at {hour1} as the notice said.",
            "The last ferry back from the island goes at {hour2} until the end of September.",
        ),
        (
            "The last boat to the island will leave at {hour1} every day until September.",
            "The last boat now leaves at {hour1} instead of {hour2}.",
            "The ferry has a new timetable, made at the request of the hotels.",
        ),
    ),
    Template(
        "corrected-twice",
        """
        {he1}: Choir practice is {day1} this week, everyone.
        {she1}: Not in the chapel, I hope? The heating is off.
        {he1}: No, in the school. Oh, wait, the school has a parents' evening then. Let's say
          {day2}.
        {she1}: I can make {day2}. What about the tenors?
        {he2}: Three of us are away at a funeral that day, I'm afraid. We'd leave you with one tenor
          and a cold.
        {he1}: Then we do it on {day3}, in the school, half past seven. That really is final; I've
          spoken to the caretaker.
        {she1}: Good. I'll let the altos know.
        """,
        "says that choir practice is on {day3}",
        (Says("{day3}", "day", ("{day1}", "{day2}")), Tells(("practice|choir|rehears*",))),
        (
            "Choir practice is on {day3} at half past seven in the school.",
            "After first {day1} and then {day2} proved impossible, practice will be on {day3}.",
        ),
        (
            "Choir practice is on {day1} in the school this week.",
            "Choir practice was moved from {day1} to {day2} because of a parents' evening.",
            "{he1} and {she1} talk about choir practice in the school.",
        ),
    ),
    Template(
        "corrected-twice",
        """
        Subject: Re: Re: Delivery of the piano

        Dear {she1},
        Thank you for your patience. In my first message I gave {hour1} for the delivery of your
          piano. That was before I knew when the van would be back from the north of the county, and
          so I wrote to you yesterday to say {hour2}.
        Our driver {he1} now tells me that his whole round has been turned about. Please expect him
          at {hour3}. I promise this is the last change. Two people will carry the piano; you only
          need to keep the hall clear.

        With apologies,
        {he2}
        """,
        "says that the piano comes at {hour3}",
        (Says("{hour3}", "hour", ("{hour1}", "{hour2}")), Tells(("piano|deliver*",))),
        (
            "The piano will be delivered at {hour3}.",
            "The delivery, planned for {hour1} and then for {hour2}, has been moved to {hour3}.",
        ),
        (
            "{he2} tells {she1} that her piano will be delivered at {hour1}.",
            "The delivery of the piano was moved from {hour1} to {hour2}.",
            "{he2} apologises to {she1} for writing about the piano so often.",
        ),
    ),
    Template(
        "corrected-twice",
        """
        Minutes, harvest supper. {she1} took the chair.

        Where to hold it: {he1} proposed {hall1}, and this was agreed.
        Menu: soup, bread, cheese, apple cake. {she2} will ask the bakery for a price.
        Where to hold it, again: the caretaker rang during the meeting to say that {hall1} will
          still be full of scaffolding. In its place {hall2} was agreed.
        Music: the fiddlers come if someone fetches them.
        Any other business: {she2} measured on her phone that {hall2} seats only forty. It was
          therefore decided, with nobody against, to hold the supper in {hall3}. The posters can go
          to the printer.
        """,
        "says that the supper is in {hall3}",
        (Says("{hall3}", "word", ("{hall1}", "{hall2}")), Tells(("supper|dinner|meal",))),
        (
            "The harvest supper will be held in {hall3}.",
            "Instead of {hall1} or {hall2}, the supper will finally take place in {hall3}.",
        ),
        (
            "{he1} proposed {hall1} for the harvest supper, and this was agreed.",
            "The supper was moved from {hall1} to {hall2} because of scaffolding.",
            "The harvest supper will have soup, bread, cheese and apple cake.",
        ),
    ),
    Template(
        "corrected-twice",
        """
        Customer: I'd like to book a minibus for our walking club, please. There will be {seats1} of
          us.
        Agent: {seats1} passengers, very good. One moment while I look.
        Customer: Oh, {he1} gave me last month's list. Better make it {seats2}.
        Agent: {seats2}, then. Is that for the whole day?
        Customer: Yes, from eight until dusk. Hold on, my wife is shaking her head. She has a newer
          list than I do, and nobody tells me anything. We are {seats3}. Definitely {seats3}.
        Agent: {seats3} seats. I'll send the confirmation this afternoon, Mr {surname1}.
        Customer: Thank you, and sorry for the muddle.
        """,
        "says that the minibus is for {seats3} people",
        (
            Says("{seats3}", "number", ("{seats1}", "{seats2}")),
            Tells(("minibus*|bus|coach|seats",)),
        ),
        (
            "Mr {surname1} books a minibus for {seats3} people.",
            "The customer changed the number of seats from {seats1} to {seats2} and then to"
            " {seats3} for the minibus.",
        ),
        (
            "Mr {surname1} books a minibus for {seats1} members of a walking club.",
            "The customer first said {seats1}, but then booked a minibus for {seats2} people.",
            "A customer books a minibus for his walking club for the whole day.",
        ),
    ),
)
