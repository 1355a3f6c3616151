"""English cases with a last turn that changes everything, or a turn that changes nothing."""

from abrege.stress.rules import Does, Never, Says, Tells
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "contradictory-last-turn",
        """
        {she1}: Where shall we eat on {day1}? It's my treat.
        {he1}: I fancy the Greek place by the river.
        {she1}: The Greek place it is. I'll book a table for half past seven.
        {he1}: Great. Will {she2} come along?
        {she1}: She said yes at once. She loves their lamb.
        {he1}: Perfect, then we are three. I'll take the bus so that I can have some wine.
        {she1}: Stop, I've just had them on the phone: they are closed that whole week for repairs.
          We'll go to the Indian restaurant instead. I've booked it for the same time.
        """,
        "says that they go to the Indian restaurant",
        (Says("Indian", "word", ("Greek",)),),
        (
            "{she1}, {he1} and {she2} will eat at the Indian restaurant on {day1}.",
            "As the Greek place is closed, they will go to the Indian restaurant.",
        ),
        (
            "{she1} books a table at the Greek place for half past seven.",
            "{she1} and {he1} will eat at the Greek restaurant, not at the Indian one.",
            "{she1} invites {he1} and {she2} to dinner on {day1}.",
        ),
    ),
    Template(
        "contradictory-last-turn",
        """
        {he1}: I've thought it over. We sell the boat.
        {she1}: Are you sure? You've had it since before we met.
        {he1}: I am. It costs us {price1} a month, and last summer we sailed twice.
        {she1}: Then let's put a notice up at the harbour. {he2} was asking about it on {day1}.
        {he1}: He can have it for a good price. I'll ring him tonight.
        {she1}: And with the money we could mend the roof.
        {he1}: Exactly. Oh, look at that evening light on the sails. No. I can't do it. We keep the
          boat, and I'll find the money for the roof somewhere else.
        """,
        "says that they keep the boat after all",
        (
            Says("keep*|kept|not sell*|not to sell*", "word", ("sell*|sold",)),
            Tells(("boat",)),
        ),
        (
            "{he1} wanted to sell the boat but decides to keep it.",
            "{he1} and {she1} will keep the boat after all.",
            "In the end {he1} will not sell his boat.",
        ),
        (
            "{he1} and {she1} decide to sell the boat and to mend the roof with the money.",
            "{he1} will sell his boat to {he2} for a good price.",
            "{he1} and {she1} talk about the boat and the roof.",
        ),
    ),
    Template(
        "contradictory-last-turn",
        """
        Extract from the minutes of the parents' council

        The question was whether the school should keep its uniform. {she1} {surname1} spoke for it,
          {he1} {surname2} against. After a friendly discussion it was agreed by {count1} votes to
          abolish the uniform from September. The office was to write to the shops.
        Before the meeting closed, the head teacher pointed out that, under the rules, a vote is
          valid only if two thirds of the members are present, and that they were not. The vote was
          therefore declared void. The uniform stays until the council votes again in {month1}.
        """,
        "says that the vote is void and that the uniform stays for now",
        (
            Says(
                "void|invalid|not valid|annul*|stay*|remain*|keep*|kept|cancel*",
                "word",
                ("abolish*|end of the uniform|scrap*",),
            ),
            Tells(("uniform*|vote",)),
        ),
        (
            "The vote to abolish the uniform was declared void, so the uniform stays for now.",
            "The school uniform stays until a new vote in {month1}.",
        ),
        (
            "The council agreed by {count1} votes to abolish the school uniform.",
            "From September the school will abolish its uniform.",
            "The parents' council talked about the school uniform.",
        ),
    ),
    Template(
        "contradictory-last-turn",
        """
        {she1}: Have you found somebody for the job at {hall1}?
        {he1}: Yes, I'm so relieved. We take {he2}. He was calm, he knew the work, and he can start
          on {day1}.
        {she1}: And the young woman, {she2}?
        {he1}: Also good, but he has ten years behind him. I've drafted the letter to him already.
        {she1}: Then I'll tell the team this afternoon.
        {he1}: Wait, an e-mail from him has just come in. He has accepted something in the city. So
          the job goes to {she2}; I'll ring her now.
        """,
        "says that {she2} gets the job and not {he2}",
        (
            Does(
                (("{she2}", "job|hire*|post|position|take*|chosen|choose*"),),
                ("{he2}",),
            ),
        ),
        (
            "The job at {hall1} goes to {she2}, because {he2} has accepted something else.",
            "{he1} wanted to give the job to {he2}, but in the end the job goes to {she2}.",
        ),
        (
            "{he2} gets the job at {hall1} and can start on {day1}.",
            "The job goes to {he2} because he knows the work.",
            "{he1} tells {she1} that he is very relieved.",
        ),
    ),
    Template(
        "aside",
        """
        Minutes of the residents' meeting at {hall1}, {day1}

        {she1} {surname1} explained that the lift has to be replaced. At this point a parrot flew in
          through the window, sat down on the chairman's head and sang two lines of an opera, to
          great applause. Its owner came up from the second floor in slippers. The lift will be out
          of use for {count1} days from the first of {month1}, and the landlord pays.
        {he1} asked who would help the older residents with their shopping during the work. A rota
          will hang in the hall from next week.
        """,
        "says that the lift is replaced, and nothing of the parrot",
        (
            Tells(("lift|elevator",)),
            Never(("parrot", "bird", "opera", "slippers"), "tells the aside"),
        ),
        (
            "The lift will be out of use for {count1} days while it is replaced.",
            "The landlord will replace the lift in {month1}, and a rota will help older residents.",
        ),
        (
            "The lift will be replaced, and a parrot sat on the chairman's head.",
            "A bird flew in and sang two lines of an opera.",
            "{he1} asked who would help older residents.",
        ),
    ),
    Template(
        "aside",
        """
        {he1}: Did the insurance answer?
        {she1}: Yes, this morning. Before I forget, last night I dreamt that I was married to a
          lighthouse keeper who spoke only in riddles. I woke up and asked the cat for the answer.
          Anyway, they pay {price1} for the broken window.
        {he1}: Ha! And the frame?
        {she1}: They pay the glass only. The frame was rotten already, they say, so that is our
          business. I'll ask {he2} for a price.
        {he1}: Do that. And tell the glazier he can come on {day1}.
        """,
        "says what the insurance pays for the window, and nothing of the dream",
        (
            Tells(("insur*", "window|glass")),
            Never(("lighthouse", "dream*", "dreamt", "riddle", "cat"), "tells the aside"),
        ),
        (
            "The insurance pays {price1} for the window but nothing for the frame.",
            "{she1} tells {he1} that the insurance will pay for the glass only.",
        ),
        (
            "The insurance pays for the window, and {she1} dreamt of a lighthouse keeper.",
            "{she1} was married to a lighthouse keeper and asked her cat.",
            "{he1} and {she1} talk about a rotten frame.",
        ),
    ),
    Template(
        "aside",
        """
        Subject: Your question about the course

        Dear {she1} {surname1},
        Thank you for your interest in our evening course in carpentry. There are still {class1}
          places. The course begins on {day1} at {hall1}, lasts ten weeks and costs {price1}; wood
          and tools are included. Please wear stout shoes.
        I must just tell you that your surname made me smile. A {surname1} once sold my grandfather
          a camel that turned out to be two men in a costume, and the family has never got over it.
        If you would like a place, reply to this message before the weekend.

        {he1} {surname2}
        """,
        "tells of the course in carpentry, and nothing of the camel",
        (
            Tells(("carpentry|woodwork*", "course|class*|lesson")),
            Never(("camel", "grandfather", "costume"), "tells the aside"),
        ),
        (
            "The evening course in carpentry begins on {day1}, lasts ten weeks and costs {price1}.",
            "{he1} {surname2} tells {she1} {surname1} that the carpentry course has places left.",
        ),
        (
            "The carpentry course begins on {day1}. A camel was once sold to his grandfather.",
            "{he1} {surname2} tells how his grandfather bought two men in a costume.",
            "{she1} {surname1} should wear stout shoes.",
        ),
    ),
    Template(
        "aside",
        """
        The new cycle path between {hall1} and the station will open on {day1}, the district
          announced. It is two miles long, is lit at night and cost {count1}0,000 pounds, a little
          less than expected. {she1} {surname1}, who planned it, will be the first to ride along it.
        She came to the press conference with a python round her neck, which she was minding for a
          nephew and which fell asleep on the microphone. Until the path opens, cyclists should go
          on using the main road.
        """,
        "says that the new cycle path opens, and nothing of the python",
        (
            Tells(("path|cycleway|bike path|route", "open*")),
            Never(("python", "snake", "nephew", "microphone"), "tells the aside"),
        ),
        (
            "The new cycle path between {hall1} and the station opens on {day1}.",
            "A two-mile cycle path, lit at night, will be opened on {day1}.",
        ),
        (
            "A cycle path opens on {day1}; its planner came with a python round her neck.",
            "A python fell asleep on the microphone at a press conference.",
            "{she1} {surname1} came to a press conference of the district.",
        ),
    ),
)
