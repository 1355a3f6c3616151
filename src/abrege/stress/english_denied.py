"""English cases in which something is called off or ruled out."""

from abrege.stress.rules import Off, Says
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "cancelled",
        """
        Dear parents of class {class1},
        Two things were planned for next week: the visit to the fire station on {day1} and the
          swimming lesson on {day2}. I am sorry to say that the fire station has had to call off our
          visit, as half of its crew is down with flu. We shall not be given another date before the
          holidays. The children are disappointed, and so am I.
        The swimming lesson is not affected. Please remember towels and a snack for afterwards.

        Kind regards,
        {she1} {surname1}
        """,
        "says that the visit to the fire station is cancelled and that swimming is not",
        (Off("fire station|visit", ("swim*",)),),
        (
            "The visit to the fire station is cancelled, but the swimming lesson takes place.",
            "There will be no visit to the fire station on {day1} because the crew has flu.",
        ),
        (
            "Class {class1} visits the fire station on {day1} and goes swimming on {day2}.",
            "The swimming lesson is cancelled; the visit to the fire station goes ahead.",
            "Children need towels and a snack on {day2}.",
        ),
    ),
    Template(
        "cancelled",
        """
        {she1}: Is everything ready for the weekend?
        {he1}: Nearly. The book sale opens at ten on Saturday, the boxes are in the hall already.
        {she1}: And the lantern walk on Sunday? My two have been making lanterns all week.
        {he1}: That's the bad news. The police won't close the road for us, so I had to cancel the
          walk this morning. I tried everything.
        {she1}: Oh no! Could we do it another day?
        {he1}: Not this year. Keep the lanterns for next autumn. But do come to the book sale with
          {he2}, we need every pair of hands.
        """,
        "says that the lantern walk is cancelled and that the book sale is not",
        (Off("walk|lantern walk", ("book sale|sale",)),),
        (
            "{he1} had to cancel the lantern walk because the road cannot be closed, but the book"
            " sale goes ahead.",
            "The lantern walk will not take place this year.",
        ),
        (
            "There is a book sale on Saturday and a lantern walk on Sunday.",
            "The book sale has been cancelled, and the lantern walk is on Sunday.",
            "{he1} asks {she1} to help on Saturday with the boxes in the hall.",
        ),
    ),
    Template(
        "cancelled",
        """
        The district council had meant to build a car park for {count1} cars behind {hall1}. Work
          was to begin in the spring, at the same time as the repair of the footbridge over the
          stream.
        At its meeting on {day1} the council dropped the plan for the car park. {she1} {surname1},
          who leads the council, said that the ground had turned out to be too wet and that the
          money would go into next year's budget. The repair of the footbridge will begin in the
          spring as planned. Walkers will have to use the road for three weeks.
        """,
        "says that the car park will not be built and that the footbridge will be repaired",
        (Off("car park|parking", ("footbridge|bridge",)),),
        (
            "The council has dropped its plan for a car park, but the footbridge will be repaired.",
            "The car park behind {hall1} will not be built because the ground is too wet.",
        ),
        (
            "The council will build a car park for {count1} cars behind {hall1} in the spring.",
            "The repair of the footbridge is cancelled because the ground is too wet.",
            "The council met on {day1} to talk about next year's budget.",
        ),
    ),
    Template(
        "cancelled",
        """
        Subject: Thursday

        Hello {she1},
        A quick word about Thursday, since the printed programme is already out of date. The morning
          workshop on bread runs as announced; {he1} has the ovens warm by eight, and all {class1}
          benches are reserved for you.
        The talk on honey in the afternoon is off. The beekeeper has broken his wrist and I could
          not find anybody to stand in. Those who paid for the talk will have their money back
          within a week, without having to ask. Would you tell your group, please, so that nobody
          waits outside a locked door?

        Yours,
        {she2}
        """,
        "says that the talk on honey is cancelled and that the bread workshop is not",
        (Off("talk|honey", ("workshop|bread",)),),
        (
            "The afternoon talk on honey has been cancelled because the beekeeper is hurt.",
            "The bread workshop will take place, but the talk on honey is cancelled.",
        ),
        (
            "On Thursday there is a workshop on bread and a talk on honey.",
            "{she2} has cancelled the bread workshop; the talk on honey is in the afternoon.",
            "{he1} will have the ovens warm by eight on Thursday.",
        ),
    ),
    Template(
        "negation",
        """
        Fire damaged two rooms of {hall1} on {day1} night. Nobody was hurt. Neighbours had at once
          suspected the old heater in the cloakroom, which had been repaired twice this winter and
          about which {he1} {surname1}, the caretaker, had complained.
        The fire service has now examined the rooms. The heater had been unplugged for a month and
          played no part in it, said fire officer {she1} {surname2}. The fire began in a phone
          charger that had been left under a pile of coats. The building will open again in {count1}
          days.
        """,
        "says that a phone charger, and not the heater, caused the fire",
        (Says("charger", "word", ("heater",)),),
        (
            "The fire in {hall1} was caused by a phone charger, not by the heater.",
            "The old heater was not to blame; the fire began in a charger under some coats.",
        ),
        (
            "A fire in {hall1} was caused by an old heater in the cloakroom.",
            "The heater caused the fire, not the phone charger.",
            "Two rooms of {hall1} were damaged on {day1} night, but nobody was hurt.",
        ),
    ),
    Template(
        "negation",
        """
        {she1}: Did you hear? They say {he1} is giving up the shop because of the rent.
        {he2}: That's what everyone says, but it isn't true. I asked him on {day1} when I fetched my
          {count1} eggs.
        {she1}: So what is it?
        {he2}: The rent hasn't gone up in six years, he says. It's his knees. The doctor has told
          him he can't stand behind a counter all day any more.
        {she1}: Poor man. Will somebody take it on?
        {he2}: His niece {she2} is thinking about it. Until she has made up her mind he opens in the
          mornings only.
        """,
        "says that {he1} gives up the shop because of his knees, not because of the rent",
        (Says("knee*|health|doctor*", "word", ("rent",)),),
        (
            "{he1} gives up his shop because of his knees, not because of the rent.",
            "{he1} will close the shop for reasons of health.",
        ),
        (
            "{he1} is giving up the shop because of the rent.",
            "{he1} is leaving because of the rent and not because of his knees.",
            "{he1}'s niece {she2} is thinking about taking on the shop.",
        ),
    ),
    Template(
        "negation",
        """
        To all residents of Mill Lane

        Several of you have rung us to ask whether the brown water that came out of the taps on
          {day1} was due to the flooding of the river. It was not. The river did not reach the
          pipes, and the tests that {she1} {surname1} and her team made in {count1} houses found no
          harmful germs.
        The colour comes from rust. When we replaced a valve near {hall1}, the water changed
          direction and washed old rust out of the main. Let the tap run for five minutes and it
          will be clear. The water is safe to drink.
        """,
        "says that the brown water comes from rust and not from the flooding of the river",
        (Says("rust*|valve", "word", ("flood*|river",)),),
        (
            "The brown water was caused by rust, not by the flooding of the river.",
            "The colour of the water comes from rust washed out of the main and is harmless.",
        ),
        (
            "The brown water on {day1} was due to the flooding of the river.",
            "The flood reached the pipes, and the water on Mill Lane turned brown.",
            "Residents of Mill Lane should let the tap run for five minutes.",
        ),
    ),
    Template(
        "negation",
        """
        Minutes of the sports club, {day1}. In the chair: {he1} {surname1}.

        Results: the second team lost again, the juniors drew.
        The loss of the cup. {she1} reported on the silver cup that went missing after the dinner at
          {hall1}. Some members had accused the caterers in writing. {she1} has looked into it: the
          caterers had left before the cup was last seen, and they have been cleared of any
          suspicion. The cup was taken home by the treasurer, who meant to polish it and then
          forgot. He has brought it back.
        The chairman will apologise to the caterers in person.
        """,
        "says that the treasurer, and not the caterers, had taken the cup",
        (Says("treasurer*", "word", ("caterer*",)),),
        (
            "The silver cup had been taken by the treasurer, not by the caterers.",
            "The treasurer took the cup home to polish it; the caterers are cleared.",
        ),
        (
            "The silver cup was taken by the caterers after the dinner at {hall1}.",
            "The caterers took the cup, and not the treasurer.",
            "The club talked about its results and a silver cup that went missing.",
        ),
    ),
)
