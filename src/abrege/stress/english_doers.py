"""English cases about who does what."""

from abrege.stress.rules import Does
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "who-promised-what",
        """
        {she1}: Right, the jumble sale. Who does what?
        {he1}: I can see to the posters. The printer owes me a favour.
        {she2}: And I'll bake. Two trays of scones, and nobody has to eat the raisin ones.
        {she1}: Wonderful. That leaves the tables. {he1}, could you?
        {he1}: Not with my back, sorry.
        {she1}: All right, I'll borrow the tables from {hall1} myself. My brother has a trailer.
        {she2}: When do we open the doors?
        {she1}: At nine sharp, as last year. The first people will be queuing long before.
        """,
        "gives the posters to {he1}, the scones to {she2} and the tables to {she1}",
        (
            Does(
                (
                    ("{he1}", "poster|print*|flyer"),
                    ("{she2}", "scone|bak*|cake"),
                    ("{she1}", "table"),
                )
            ),
        ),
        (
            "{he1} sees to the posters, {she2} bakes scones and {she1} borrows the tables.",
            "For the jumble sale, posters will be made by {he1}. {she1} will borrow tables and"
            " {she2} will bake.",
        ),
        (
            "{she1} will make the posters, {she2} bakes scones and {he1} borrows the tables.",
            "{he1} sees to the posters and the tables, and {she2} bakes scones.",
            "{she1}, {she2} and {he1} are getting ready for a jumble sale.",
        ),
    ),
    Template(
        "who-promised-what",
        """
        Notes from the call on {day1} about the new website.

        We went through what is still missing. The old pictures are too small, and half of them show
          people who left years ago. {he1} has promised to take new photographs of the staff before
          the end of the month.
        The price list is out of date as well. {she1} knows the figures and will rewrite it; she
          needs {count1} minutes, or so she says.
        {he2} asked whether anybody had told the customers. Nobody had. He will send them a letter
          once the date is certain. The next call is in two weeks.
        """,
        "gives the photographs to {he1}, the price list to {she1} and the letter to {he2}",
        (
            Does(
                (
                    ("{he1}", "photo*|picture"),
                    ("{she1}", "price*|figures"),
                    ("{he2}", "letter|customers"),
                )
            ),
        ),
        (
            "{he1} will take new photographs, {she1} will rewrite the price list, and {he2} will"
            " send a letter to the customers.",
            "{she1} takes care of the price list and {he1} of the photos, while {he2} writes a"
            " letter.",
        ),
        (
            "{he2} will take new photographs, {she1} the price list, and {he1} will send a letter.",
            "{she1} will take new photographs and rewrite the price list. {he2} sends a letter.",
            "The website still lacks new photographs and a price list.",
        ),
    ),
    Template(
        "who-promised-what",
        """
        Subject: Grandma's eightieth

        Dear both,
        Thank you for ringing last night; it is good that we share this out. To be sure that we all
          remember the same thing: {he1}, you hire the boat and make certain that it has a roof.
          {she1}, you said that you would look after the music, so I have told cousin {he2} and his
          trombone to stay at home.
        I myself shall order the dinner for {count1} at {hall1}, since I live round the corner.
          Nobody says a word to Grandma before {day1}, please.

        Love,
        {she2}
        """,
        "gives the boat to {he1}, the music to {she1} and the dinner to {she2}",
        (
            Does(
                (("{he1}", "boat"), ("{she1}", "music"), ("{she2}", "dinner|food|meal")),
                ("{he2}",),
            ),
        ),
        (
            "{he1} hires the boat, {she1} looks after the music and {she2} orders the dinner.",
            "The dinner will be ordered by {she2}. {she1} sees to the music, and {he1} hires a"
            " boat.",
        ),
        (
            "{he1} hires the boat, {he2} looks after the music and {she2} orders the dinner.",
            "{she2} hires the boat and orders the dinner, and {she1} looks after the music.",
            "{she2} writes about a secret party for Grandma's eightieth birthday.",
        ),
    ),
    Template(
        "who-promised-what",
        """
        {he1}: The scouts arrive on {day1} and the camp looks like a rubbish tip.
        {she1}: I know. I'll mend the gate, it only needs a new hinge.
        {he1}: Thanks. And the water? The tap has dripped since May.
        {he2}: Leave the tap to me. My uncle is a plumber and lends me his tools.
        {she1}: The firewood is nearly gone, too.
        {he1}: I was going to ask you, but you have the gate. Fine, I'll chop the firewood tomorrow
          before work.
        {he2}: All of it? They burnt {count1} logs last time.
        {he1}: I'll start early.
        """,
        "gives the gate to {she1}, the tap to {he2} and the firewood to {he1}",
        (Does((("{she1}", "gate"), ("{he2}", "tap"), ("{he1}", "firewood|wood"))),),
        (
            "{she1} will mend the gate, {he2} the tap, and {he1} will chop firewood.",
            "Before the scouts come, {he1} chops the firewood and {he2} repairs the tap. The gate"
            " is mended by {she1}.",
        ),
        (
            "{he1} will mend the gate, {he2} the tap, and {she1} will chop firewood.",
            "{he2} will mend the gate and the tap, and {he1} will chop firewood.",
            "The scouts arrive on {day1} and the camp has to be made ready.",
        ),
    ),
    Template(
        "swapped-names",
        """
        {day1}'s cross-country race, which began behind {hall1}, had a finish that nobody will
          forget. {pair1[0]} {surname1} led from the start and was still half a field ahead at the
          last gate. There {pair1[0]} slipped in the mud, lost a shoe and went on with one.
        {pair1[1]} {surname2}, who had run in third place for most of the way, passed on the final
          hundred metres and won by two seconds. {pair1[0]} came in second and was cheered as loudly
          as the winner. The commentator mixed the two up to the very end.
        """,
        "says that {pair1[1]} won the race and not {pair1[0]}",
        (Does((("{pair1[1]}", "won|win|wins|winner|winning|victory|first"),), ("{pair1[0]}",)),),
        (
            "{pair1[1]} {surname2} won the race, and {pair1[0]} {surname1} came second.",
            "{pair1[0]} lost a shoe, and {pair1[1]} won by two seconds.",
        ),
        (
            "{pair1[0]} {surname1} won the race by two seconds.",
            "{pair1[1]} slipped in the mud, but {pair1[0]} won the race.",
            "The cross-country race behind {hall1} had an exciting finish.",
        ),
    ),
    Template(
        "swapped-names",
        """
        {she1}: So {pair1[0]} drives the van on {day1} and {pair1[1]} cooks for the whole crew?
        {he1}: That was the plan. But {pair1[0]}'s licence has run out, it turns out.
        {she1}: Oh dear. Who drives, then?
        {he1}: They have swapped. {pair1[1]} is at the wheel, and {pair1[0]} does the cooking. We
          are {count1} people, so there will be chilli.
        {she1}: Does {pair1[0]} know how to make chilli?
        {he1}: Better than {pair1[1]} does, so everybody wins.
        {she1}: I'll change the list on the door, then.
        """,
        "says that {pair1[1]} drives and {pair1[0]} cooks",
        (Does((("{pair1[1]}", "driv*|van|wheel"), ("{pair1[0]}", "cook*|chilli"))),),
        (
            "{pair1[1]} will drive the van and {pair1[0]} will cook.",
            "{pair1[0]} was to drive, but they swapped: {pair1[1]} drives and {pair1[0]} cooks.",
        ),
        (
            "{pair1[0]} will drive the van and {pair1[1]} will cook for the crew.",
            "They swapped, so {pair1[0]} drives and {pair1[1]} makes chilli.",
            "{she1} will change the list on the door.",
        ),
    ),
    Template(
        "swapped-names",
        """
        Staff notice: two changes at the surgery

        From the first of {month1} Dr {twin1[0]} works at the clinic in Station Road and Dr
          {twin1[1]} at the health centre by the bridge. Please note that this is the other way
          round from what you are used to, and from what it says on the cards that were handed out
          on {day1}.
        Patients of Dr {twin1[1]} who need a lift to the bridge can ask at the desk; a volunteer
          drives there every hour. Since the two names look alike, please read them out in full on
          the telephone.
        """,
        "says that Dr {twin1[1]} works at the health centre by the bridge, and Dr {twin1[0]} at"
        " the clinic in Station Road",
        (Does((("{twin1[1]}", "health|bridge"), ("{twin1[0]}", "clinic|station road"))),),
        (
            "Dr {twin1[0]} moves to the clinic and Dr {twin1[1]} to the health centre.",
            "From next month Dr {twin1[1]} works at the health centre, and Dr {twin1[0]} works at"
            " the clinic.",
        ),
        (
            "Dr {twin1[1]} will work at the clinic and Dr {twin1[0]} at the health centre.",
            "From next month Dr {twin1[0]} works at the health centre by the bridge.",
            "There are two changes at the surgery from next month.",
        ),
    ),
    Template(
        "swapped-names",
        """
        Subject: Who found the dog

        Dear editor,
        Your short piece of {day1} about our dog was kind, but it thanked the wrong person. You
          wrote that {pair1[0]} had found him at the quarry. {pair1[0]} is our neighbour and only
          held the lead for the photograph.
        It was {pair1[1]}, aged {age1}, who found the dog, sat with him for two hours in the rain
          and then walked to the nearest farm for help. The names are easily confused, but the
          credit should go where it belongs. We have given {pair1[1]} a cake.

        Yours,
        {she1} {surname1}
        """,
        "says that {pair1[1]} found the dog and not {pair1[0]}",
        (Does((("{pair1[1]}", "found|finds|finder|rescu*"),), ("{pair1[0]}",)),),
        (
            "It was {pair1[1]} who found the dog, not {pair1[0]}, as the paper had written.",
            "{she1} {surname1} writes that {pair1[1]} found her dog in the rain.",
        ),
        (
            "{pair1[0]} found the dog at the quarry and sat with him in the rain.",
            "{she1} {surname1} thanks {pair1[0]}, who found her dog, and gives {pair1[1]} a cake.",
            "{she1} {surname1} writes to the editor about a mistake.",
        ),
    ),
)
