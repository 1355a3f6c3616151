"""English cases of an odd shape: said twice, one sentence long, or hours long."""

from abrege.stress.rules import Does, NoLonger, NothingInvented, SaidOnce, Says, Tells
from abrege.stress.templates import Template

_ONE = NoLonger(), NothingInvented()

TEMPLATES = (
    Template(
        "duplicated-paragraph",
        """
        News from {hall1}

        From {day1} the reading room will stay open until {hour1} on weekdays instead of closing at
          noon. The longer hours are paid for by a gift from {she1} {surname1}, who learned to read
          there seventy years ago.

        From {day1} the reading room will stay open until {hour1} on weekdays instead of closing at
          noon. The longer hours are paid for by a gift from {she1} {surname1}, who learned to read
          there seventy years ago.

        The coffee machine is being mended. Volunteers for the desk may speak to {he1}.
        """,
        "says once that the reading room stays open until {hour1}",
        (Says("{hour1}", "hour"), Tells(("reading room|library|open*|hours",)), SaidOnce()),
        (
            "The reading room will stay open until {hour1}, thanks to a gift.",
            "A gift from {she1} {surname1} lets the reading room open until {hour1} on weekdays."
            " {he1} is looking for volunteers.",
        ),
        (
            "From {day1} the reading room will stay open until {hour1} on weekdays. From {day1} the"
            " reading room will stay open until {hour1} on weekdays.",
            "The coffee machine is being mended and volunteers may speak to {he1}.",
        ),
    ),
    Template(
        "duplicated-paragraph",
        """
        Subject: Keys

        Dear neighbours,
        I hope you are all well and dry.

        The lock of the front door will be changed on {day1}. Each flat gets {class1} new keys,
          which you can collect from {she1} on the ground floor. The old keys will no longer work
          after that.

        The lock of the front door will be changed on {day1}. Each flat gets {class1} new keys,
          which you can collect from {she1} on the ground floor. The old keys will no longer work
          after that.

        Sorry if this reaches you in a strange form, I am writing on a new telephone.
        {he1} {surname1}
        """,
        "says once that the lock is changed on {day1}",
        (Says("{day1}", "day"), Tells(("lock|key",)), SaidOnce()),
        (
            "The front door gets a new lock on {day1}; new keys can be collected from {she1}.",
            "On {day1} the lock will be changed, and the old keys will not work any more.",
        ),
        (
            "The lock of the front door will be changed on {day1}. The lock of the front door is"
            " changed on {day1}.",
            "{he1} {surname1} is writing to his neighbours on a new telephone.",
        ),
    ),
    Template(
        "duplicated-paragraph",
        """
        {he1}: Before we start, here is what the office sent, word for word.

        All bicycles must be taken out of the cellar by {day1}, because the floor is to be painted.
          Bicycles that are still there will be brought to {hall1}.

        {she1}: Could you send it again? My screen went black.
        {he1}: Of course.

        All bicycles must be taken out of the cellar by {day1}, because the floor is to be painted.
          Bicycles that are still there will be brought to {hall1}.

        {she1}: Got it. Mine has had no wheels since {month1}, but I'll carry it up.
        """,
        "says once that the bicycles must be out of the cellar by {day1}",
        (Says("{day1}", "day"), Tells(("bicycle|bike|cycle", "cellar|basement")), SaidOnce()),
        (
            "Bicycles have to leave the cellar by {day1} because its floor will be painted.",
            "{he1} tells {she1} that all bikes must be out of the cellar by {day1}.",
        ),
        (
            "All bicycles must be taken out of the cellar by {day1}. {she1} asks again. All"
            " bicycles must be taken out of the cellar by {day1}.",
            "{she1} asks {he1} to send a message again.",
        ),
    ),
    Template(
        "duplicated-paragraph",
        """
        The town has had its first beaver for two hundred years. An engineer who was inspecting the
          bridge near {hall1} saw it in the early morning and at first took it for a large dog.

        Biologists from the county, led by {she1} {surname1}, confirmed that it was a beaver. They
          counted {count1} felled trees along the stream and believe that the animal came alone.

        Biologists from the county, led by {she1} {surname1}, confirmed that it was a beaver. They
          counted {count1} felled trees along the stream and believe that the animal came alone.

        People are asked to keep dogs on a lead.
        """,
        "says once that a beaver has been seen in the town",
        (Tells(("beaver",)), SaidOnce()),
        (
            "Biologists have confirmed that a beaver lives in the town, the first in two"
            " centuries.",
            "A beaver was seen near {hall1}. It has felled {count1} trees.",
        ),
        (
            "Biologists led by {she1} {surname1} confirmed that it was a beaver. Biologists from"
            " the"
            " county confirmed that it was a beaver.",
            "People are asked to keep dogs on a lead.",
        ),
    ),
    Template(
        "very-short",
        "{she1} missed the {hour1} bus and walked home.",
        "says that {she1} walked home, and adds nothing",
        (*_ONE, Tells(("{she1}", "walk*|on foot"))),
        ("{she1} walked home because she missed the bus.", "{she1} walked home."),
        (
            "{she1} missed the bus and walked home with her friend Robert.",
            "{she1} missed the bus, so she walked home in the rain and was very tired, but she was"
            " glad to be there at last and made tea.",
            "The bus was late.",
        ),
    ),
    Template(
        "very-short",
        "The bakery by {hall1} is closed on {day1}.",
        "says that the bakery is closed on {day1}, and adds nothing",
        (*_ONE, Tells(("bakery|baker*", "clos*|not open|shut*")), Says("{day1}", "day")),
        ("The bakery is closed on {day1}.", "The bakery by {hall1} does not open on {day1}."),
        (
            "The bakery will be closed for 14 days.",
            "The bakery by {hall1} is closed on {day1} because its owner is ill and has gone to the"
            " coast to rest.",
            "The bakery sells bread.",
        ),
    ),
    Template(
        "very-short",
        "{he1} sold his old car to {she1} for {price1}.",
        "says that {he1} sold his car to {she1}, and adds nothing",
        (*_ONE, Does((("{he1}", "sold|sells|sell"),), ("{she1}",)), Tells(("car",))),
        ("{he1} sold his car to {she1}.", "{he1} sells {she1} his old car for {price1}."),
        (
            "{she1} sold her old car to {he1}.",
            "{he1} sold his car to {she1} in London.",
            "A car was bought.",
        ),
    ),
    Template(
        "very-short",
        "Please bring {class1} spare batteries to {hall1} tonight.",
        "says that batteries are to be brought, and adds nothing",
        (*_ONE, Tells(("batter*",))),
        ("Batteries are to be brought to {hall1}.", "Bring {class1} batteries tonight."),
        (
            "{class1} batteries must be given to Mr Thompson.",
            "Bring batteries to {hall1} tonight, since there is no power, and also bring something"
            " warm to wear and something to eat.",
            "There is a meeting tonight.",
        ),
    ),
    Template(
        "very-short",
        "It snowed in {month1}, and {count1} trees fell.",
        "says that trees fell, and adds nothing",
        (*_ONE, Tells(("tree", "fell|fall*|felled|down|snow*"))),
        ("{count1} trees fell in {month1}.", "Snow brought down {count1} trees."),
        (
            "It snowed in Scotland and trees fell.",
            "A heavy storm of snow in {month1} brought down {count1} trees, blocked many roads and"
            " kept the children from school.",
            "It snowed in {month1}.",
        ),
    ),
    Template(
        "very-long",
        """
        Minutes of the parish council, a very long evening

        The most important thing first, as {he1} {surname1} from the chair put it: the council has
          decided to buy {hall1} and to turn it into a nursery.

        {filler1}

        Last item. {he1} {surname1} read out the main decision once more before he let everybody go
          home. The village will buy {hall1}, and there will be a nursery in it. Nobody voted
          against it.
        """,
        "says that the council buys {hall1} for a nursery",
        (Tells(("nursery|nurseries|kindergarten|childcare", "{hall1}|buy*|bought|purchase*")),),
        (
            "The council will buy {hall1} and make a nursery of it.",
            "The parish council voted to turn {hall1} into a nursery, and dealt with many small"
            " matters.",
        ),
        (
            "The parish council dealt with letters, lost property and repairs.",
            "The council had a very long evening.",
        ),
    ),
    Template(
        "very-long",
        """
        A year in our village: the newsletter, all of it

        If you read only one thing in these pages, let it be this. After forty years {she1}
          {surname1} retires as our doctor in {month1}, and nobody has been found to follow her.

        {filler1}

        So ends our year. And now that you have come this far: the practice will be empty when Dr
          {surname1} goes, for there is no successor. If you know of a young doctor who likes sheep,
          write to us.
        """,
        "says that the doctor retires and that nobody has been found to follow her",
        (Tells(("doctor|dr|gp|practice", "retire*|retiring|leav*|successor*|replacement")),),
        (
            "The village doctor, {she1} {surname1}, retires and has no successor.",
            "Dr {surname1} will retire in {month1}, and no replacement has been found.",
        ),
        (
            "The newsletter tells of small things that happened in the village.",
            "Somebody lost an umbrella and the fence was repaired.",
        ),
    ),
    Template(
        "very-long",
        """
        Log of the harbour office, kept by {he1} {surname1}

        Entered at the head of the book so that no one overlooks it: the eastern harbour wall has a
          crack {class1} metres long, and no boat may moor there.

        {filler1}

        Closing entry. To whoever takes over from me: keep every boat away from the wall on the east
          side. It is cracked and will not be repaired before {month1}.
        """,
        "says that the eastern harbour wall is cracked",
        (Tells(("wall", "crack*|damage*|unsafe")),),
        (
            "The eastern harbour wall is cracked, and no boat may moor there.",
            "The harbour log warns of a crack in the wall on the east side.",
        ),
        (
            "The log tells of keys, letters and visitors.",
            "{he1} {surname1} keeps the log of the harbour office.",
        ),
    ),
    Template(
        "very-long",
        """
        Subject: Everything you missed, at last

        Dear {she1},
        You asked for all the news and you shall have it. The great news is that {he1} and I are
          moving to Canada in {month1}. We have signed the papers. The rest is small talk, in no
          order.

        {filler1}

        There, my hand hurts. Do say that you will come before we leave for Canada. The house is
          sold, and the boxes are standing in the hall.

        Your {she2}
        """,
        "says that {she2} and {he1} are moving to Canada",
        (Tells(("canada", "mov*|emigrat*|leav*|relocat*")),),
        (
            "{she2} and {he1} are moving to Canada.",
            "{she2} writes that she and {he1} leave for Canada in {month1}.",
        ),
        (
            "{she2} tells {she1} small things about the neighbours.",
            "{she2} writes a long letter to {she1}.",
        ),
    ),
)
