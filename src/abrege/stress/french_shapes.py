"""French cases of an odd shape: said twice, one sentence long, or hours long."""

from abrege.stress.rules import Does, NoLonger, NothingInvented, SaidOnce, Says, Tells
from abrege.stress.templates import Template

_ONE = NoLonger(), NothingInvented()

TEMPLATES = (
    Template(
        "duplicated-paragraph",
        """
        Le mot de {lieu1}

        À partir de {jour1}, la ludothèque fermera à {heure1} au lieu de midi. Ces nouveaux horaires
          sont possibles grâce à {elle1} {nom1}, qui vient d'être embauchée à mi-temps.

        À partir de {jour1}, la ludothèque fermera à {heure1} au lieu de midi. Ces nouveaux horaires
          sont possibles grâce à {elle1} {nom1}, qui vient d'être embauchée à mi-temps.

        Il manque toujours la tour noire du grand échiquier. Si vous l'avez chez vous, {il1} promet
          de ne pas poser de questions.
        """,
        "says once that the toy library stays open until {heure1}",
        (Says("{heure1}", "hour"), Tells(("ludotheque",)), SaidOnce()),
        (
            "La ludothèque restera ouverte jusqu'à {heure1} grâce à une embauche.",
            "Grâce à {elle1}, la ludothèque fermera à {heure1}. {il1} cherche une pièce d'échecs.",
        ),
        (
            "À partir de {jour1}, la ludothèque fermera à {heure1} au lieu de midi. À partir de"
            " {jour1}, la ludothèque fermera à {heure1} au lieu de midi.",
            "Il manque la tour noire du grand échiquier.",
        ),
    ),
    Template(
        "duplicated-paragraph",
        """
        Objet : compteurs d'eau

        Madame, Monsieur,
        J'espère que ce message vous trouve en bonne santé.

        Le releveur passera {jour1} dans tous les appartements. Si vous êtes absent, confiez vos
          clés à {elle1}, au rez-de-chaussée, qui lui ouvrira. Le relevé prend {classe1} minutes.

        Le releveur passera {jour1} dans tous les appartements. Si vous êtes absent, confiez vos
          clés à {elle1}, au rez-de-chaussée, qui lui ouvrira. Le relevé prend {classe1} minutes.

        Pardonnez la mise en page, mon clavier fait des siennes.
        {il1} {nom1}, syndic
        """,
        "says once that the meters are read on {jour1}",
        (Says("{jour1}", "day"), Tells(("compteur*|releve*|releveur",)), SaidOnce()),
        (
            "Les compteurs d'eau seront relevés {jour1} ; les absents confient leurs clés à"
            " {elle1}.",
            "Le releveur passera dans les appartements {jour1}.",
        ),
        (
            "Le releveur passera {jour1} dans tous les appartements. Le releveur passe {jour1} dans"
            " tous les appartements.",
            "{il1} {nom1} a un clavier qui fait des siennes.",
        ),
    ),
    Template(
        "duplicated-paragraph",
        """
        {elle1} : Je vous lis le message du club, mot pour mot.

        Le stage d'escalade de {jour1} est complet. Une seconde séance est ouverte à {lieu1}, au
          même tarif de {prix1}, pour ceux qui restent sur la liste d'attente.

        {il1} : Tu peux relire ? J'étais sous un tunnel.
        {elle1} : Je relis.

        Le stage d'escalade de {jour1} est complet. Une seconde séance est ouverte à {lieu1}, au
          même tarif de {prix1}, pour ceux qui restent sur la liste d'attente.

        {il1} : Super, j'inscris les jumeaux. Ils grimpent déjà aux rideaux.
        """,
        "says once that the climbing course is full and that there is a second session",
        (
            Tells(("escalade", "complet*|second*|deuxieme|autre|nouvelle|supplementaire")),
            SaidOnce(),
        ),
        (
            "Le stage d'escalade est complet, mais une seconde séance est ouverte à {lieu1}.",
            "{il1} inscrit les jumeaux à la deuxième séance d'escalade, à {lieu1}.",
        ),
        (
            "Le stage d'escalade de {jour1} est complet. {il1} n'a pas entendu. Le stage d'escalade"
            " de {jour1} est complet.",
            "{il1} demande à {elle1} de relire un message.",
        ),
    ),
    Template(
        "duplicated-paragraph",
        """
        Un trésor dormait sous le plancher de {lieu1}. En posant un câble, un électricien est tombé
          sur un pot de grès fermé par un bouchon de cire.

        Le pot contenait {nombre1} pièces d'or du temps de Louis XV, selon {elle1} {nom1}, du musée.
          Elles seront partagées entre la commune et l'électricien.

        Le pot contenait {nombre1} pièces d'or du temps de Louis XV, selon {elle1} {nom1}, du musée.
          Elles seront partagées entre la commune et l'électricien.

        Le bâtiment est gardé jour et nuit. Les curieux sont priés de rester chez eux.
        """,
        "says once that gold coins have been found",
        (Tells(("pieces d'or|tresor|pieces|piece d'or",)), SaidOnce()),
        (
            "Un électricien a trouvé {nombre1} pièces d'or sous le plancher de {lieu1}.",
            "Un pot plein de pièces d'or a été découvert. La commune et l'électricien se les"
            " partageront.",
        ),
        (
            "Le pot contenait {nombre1} pièces d'or du temps de Louis XV. Selon {elle1} {nom1}, le"
            " pot"
            " contenait {nombre1} pièces d'or de Louis XV.",
            "Les curieux sont priés de rester chez eux.",
        ),
    ),
    Template(
        "very-short",
        "{elle1} a raté le car de {heure1} et elle est rentrée à pied.",
        "says that {elle1} walked home, and adds nothing",
        (*_ONE, Tells(("{elle1}", "a pied|march*"))),
        ("{elle1} est rentrée à pied parce qu'elle a raté le car.", "{elle1} est rentrée à pied."),
        (
            "{elle1} est rentrée à pied avec son ami Robert.",
            "{elle1} a raté le car et elle est rentrée à pied sous la pluie, très fatiguée, mais"
            " heureuse de retrouver enfin sa maison et son chat.",
            "Le car était en retard.",
        ),
    ),
    Template(
        "very-short",
        "La crêperie en face de {lieu1} sera fermée {jour1}.",
        "says that the crêperie is closed on {jour1}, and adds nothing",
        (*_ONE, Tells(("creperie", "ferm*|n'ouvr*|pas ouverte")), Says("{jour1}", "day")),
        ("La crêperie sera fermée {jour1}.", "La crêperie n'ouvrira pas {jour1}."),
        (
            "La crêperie sera fermée pendant 15 jours.",
            "La crêperie en face de {lieu1} sera fermée {jour1} parce que sa patronne est malade"
            " et se"
            " repose à la mer.",
            "On mange des crêpes.",
        ),
    ),
    Template(
        "very-short",
        "{il1} a vendu sa vieille moto à {elle1} pour {prix1}.",
        "says that {il1} sold his motorcycle to {elle1}, and adds nothing",
        (*_ONE, Does((("{il1}", "vendu*|vend"),), ("{elle1}",)), Tells(("moto*",))),
        ("{il1} a vendu sa moto à {elle1}.", "{il1} vend à {elle1} sa vieille moto, {prix1}."),
        (
            "{elle1} a vendu sa vieille moto à {il1}.",
            "{il1} a vendu sa moto à {elle1} à Bordeaux.",
            "Une moto a été achetée.",
        ),
    ),
    Template(
        "very-short",
        "Merci de rapporter {classe1} rallonges à {lieu1} ce soir.",
        "says that extension leads are to be brought back, and adds nothing",
        (*_ONE, Tells(("rallonge*",))),
        ("Il faut rapporter {classe1} rallonges à {lieu1}.", "Rapporter les rallonges ce soir."),
        (
            "Il faut donner les rallonges à M. Thomassin.",
            "Il faut rapporter les rallonges ce soir, car le courant sera coupé, et prévoir aussi"
            " des"
            " vêtements chauds et de quoi manger.",
            "Il y a une réunion ce soir.",
        ),
    ),
    Template(
        "very-short",
        "Il a grêlé en {mois1} et {nombre1} serres ont été brisées.",
        "says that greenhouses were broken, and adds nothing",
        (*_ONE, Tells(("serre", "bris*|casse*|detrui*|endommag*|grel*"))),
        ("{nombre1} serres ont été brisées.", "La grêle a cassé {nombre1} serres en {mois1}."),
        (
            "Il a grêlé en Normandie et des serres ont été brisées.",
            "Un violent orage de grêle a brisé {nombre1} serres en {mois1}, coupé plusieurs routes"
            " et"
            " privé les enfants de classe.",
            "Il a grêlé en {mois1}.",
        ),
    ),
    Template(
        "very-long",
        """
        Bulletin du village, toute l'année en une fois

        Si vous ne deviez lire qu'une ligne, que ce soit celle-ci : après trente ans de fermeture,
          la boulangerie rouvre en {mois1}, et c'est {elle1} {nom1} qui sera au fournil.

        {liant1}

        Voilà pour cette année. Rappelons pour finir la seule vraie nouvelle : {elle1} {nom1}
          s'installe, et nous aurons de nouveau du pain frais sur la place. La boulangerie ouvrira
          ses portes dès que le four sera chaud.
        """,
        "says that the bakery opens again",
        (Tells(("boulang*|pain|fournil", "rouv*|ouv*|reouv*|s'installe*|install*|nouv*")),),
        (
            "La boulangerie rouvre après trente ans de fermeture, avec {elle1} {nom1}.",
            "Le village aura de nouveau du pain frais : {elle1} {nom1} s'y installe en {mois1}.",
        ),
        (
            "Le bulletin raconte les petites nouvelles du village.",
            "On a perdu un parapluie et repeint la grille.",
        ),
    ),
    Template(
        "very-long",
        """
        Compte rendu de la plus longue séance de l'année

        Commençons par la fin, a dit {il1} {nom1} en ouvrant la séance : la commune a décidé de
          vendre le camping, sans une voix contre.

        {liant1}

        Avant de lever la séance, {il1} {nom1} a demandé que la décision soit relue. Le camping sera
          donc vendu, et le produit de la vente ira aux écoles. Il était deux heures du matin.
        """,
        "says that the commune sells the camping site",
        (Tells(("camping", "vend*|vente|ced*|cession")),),
        (
            "La commune a décidé de vendre le camping au profit des écoles.",
            "Après une longue séance, la vente du camping a été votée sans opposition.",
        ),
        (
            "Le conseil a traité des lettres, des objets trouvés et des réparations.",
            "La séance a duré jusqu'à deux heures du matin.",
        ),
    ),
    Template(
        "very-long",
        """
        Cahier de liaison des gardiens du refuge, tenu par {elle1} {nom1}

        À lire avant tout le reste : la source du haut est polluée. Personne ne doit en boire, même
          bouillie, jusqu'en {mois1}.

        {liant1}

        Dernière page. À celui ou celle qui prend la suite : l'eau de la source n'est pas potable,
          les analyses l'ont confirmé. On remonte les bidons de la vallée.
        """,
        "says that the water of the spring must not be drunk",
        (
            Tells(
                (
                    "source|eau",
                    "pollu*|potable|contamin*|ne pas boire|impropre|personne ne doit|interdi*",
                )
            ),
        ),
        (
            "La source du refuge est polluée, il ne faut pas en boire.",
            "Le cahier avertit que l'eau de la source n'est pas potable.",
        ),
        (
            "Le cahier parle de clés, de lettres et de visiteurs.",
            "{elle1} {nom1} tient le cahier des gardiens du refuge.",
        ),
    ),
    Template(
        "very-long",
        """
        Objet : toutes les nouvelles, comme promis

        Ma chère {elle1},
        Tu voulais tout savoir, te voilà servie. Le plus beau d'abord : {il1} et moi attendons un
          bébé pour {mois1}. Le reste n'est que bavardage, et sans aucun ordre.

        {liant1}

        J'ai mal au poignet, je m'arrête. Viens nous voir avant la naissance, après nous ne
          dormirons plus. La chambre du bébé est prête, il n'y manque qu'un berceau.

        Ta {elle2}
        """,
        "says that {elle2} and {il1} are going to have a baby",
        (Tells(("bebe|naissance|enceinte|attendent un enfant",)),),
        (
            "{elle2} et {il1} attendent un bébé pour {mois1}.",
            "{elle2} annonce à {elle1} qu'elle est enceinte.",
        ),
        (
            "{elle2} raconte à {elle1} les petites histoires des voisins.",
            "{elle2} écrit une longue lettre à {elle1}.",
        ),
    ),
)
