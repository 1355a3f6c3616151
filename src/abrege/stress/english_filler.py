"""Small news without weight, in English: what stands between the two ends of a very long text."""

PLACES = (
    "the post office", "the bowling green", "the duck pond", "the bus shelter", "the smithy",
    "the upper field", "the school gate", "the chapel yard", "the old well", "the corner shop",
    "the lower lane", "the tea room",
)  # fmt: skip
PEOPLE = (
    "Mrs Ashby", "Mr Tully", "Mr Finch", "Mrs Morton", "Miss Oakes", "Mr Perkins",
    "Canon Lyle", "Mrs Dunmore", "Mr Laverty", "Miss Hobday", "Captain Reed", "Mrs Quill",
)  # fmt: skip
THINGS = (
    "a green umbrella", "one left glove", "a bicycle pump", "a pair of reading glasses",
    "a child's kite", "a tin of buttons", "a walking stick", "a brass key", "a straw hat",
    "a recipe book", "a set of spanners", "a wicker basket",
)  # fmt: skip
PARAGRAPHS = (
    "Lost and found. {who} handed in {thing} that had been lying near {where} since {day}. It has"
    " a label, but the rain has washed off the writing. Whoever misses it may call at the desk"
    " before noon and should be able to describe it. Last time {n} people claimed the same scarf,"
    " and it took a week to sort out.",
    "The bench near {where} wobbles again. {who} tightened the screws on {day}, using {n} washers"
    " from a jam jar, and it held until the weekend. A new plank would be better. For the time"
    " being people are asked to sit in the middle and to get up one at a time, as the other end"
    " tends to rise.",
    "{who} wrote to complain about the noise of the rooks above {where}. The letter was read with"
    " interest and put with the others. There are {n} nests this year, two more than last year,"
    " and nobody has yet had an idea that the rooks did not like even better than the trees.",
    "Weather notes. {who} measured {n} millimetres of rain on {day} in the gauge by {where}, with"
    " a light wind from the west. The swallows flew low. The frost did no harm except to one row"
    " of beans, which had been sown too early against all advice, as its owner freely admits.",
    "The evening of slides at {where} drew {n} people, among them {who}, who slept through the"
    " second half. The projector stuck only once. It is hoped to show the rest another time, since"
    " the pictures of the moor are still in a box that somebody put in a safe place and cannot now"
    " remember.",
    "A parcel addressed to {who} was left at {where} by mistake and contained {thing}. It was sent"
    " on by the next post. The sender was thanked, the string was kept, and {n} stamps were cut"
    " out for the children who collect them and who already have too many of the blue ones.",
    "The painting of the railings near {where} has reached the corner. {who} lent a brush, and"
    " {n} tins of the dark green are left over from the last time, so that nothing had to be"
    " bought. The wet paint sign has been stolen, or else it blew away on {day}; opinions differ.",
    "{who} won a prize for the longest leek, which measured {n} centimetres from root to tip. The"
    " leek was shown at {where} and later became soup. The judges noted that the second longest"
    " was straighter. There was some talk of a photograph, but the camera had no film in it.",
    "The tap near {where} drips about {n} times a minute, as {who} found out with a kitchen clock"
    " one {day} when there was little else to do. A washer has been ordered. Until it comes, a"
    " bucket stands underneath, and the water is carried to the geraniums by whoever passes.",
    "The quiz team met at {where} and came third out of {n}. {who} knew all the rivers but none of"
    " the composers. The next meeting is open to anybody who likes sandwiches. It was noted that"
    " the question about the moon had two right answers and that the other one had been ours.",
    "{who} has asked whether anyone else has seen the fox with the white tail near {where}. It was"
    " seen {n} times last month, always shortly before breakfast. It carries off nothing but"
    " gloves, so far as is known, and it has been given a name that the children voted for.",
    "Swap shelf. The shelf near {where} has received {thing}, {n} paperbacks and half a jigsaw"
    " puzzle. {who} keeps it tidy and dusts it on {day}. The other half of the puzzle is believed"
    " to be in the village. No more encyclopaedias, please; the shelf has already bent twice.",
    "The clock above {where} was slow by {n} minutes and has been put right by {who}, who climbed"
    " up with an oil can. It will be looked at again after {day}. Two people had got used to the"
    " slow time and missed nothing by it, but they were pleased to be told all the same.",
    "Thanks are due to {who}, who swept the leaves in front of {where} without being asked and"
    " filled {n} sacks. The sacks stand by the hedge and may be taken by anyone with a compost"
    " heap. One of them contained {thing}, which now lies on the window sill of the office.",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
