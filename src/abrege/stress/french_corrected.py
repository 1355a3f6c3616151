"""French cases in which something is corrected, once or twice."""

from abrege.stress.rules import Says, Tells
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "corrected-once",
        """
        {elle1} : Alors, cette partie de pétanque, c'est pour quand ?
        {il1} : On avait dit {jour1}, après le boulot. J'ai prévenu les copains.
        {elle1} : Ça marche. J'apporte le pastis ou c'est toi ?
        {il1} : Toi, le pastis, moi, les boules. Et des glaçons, parce que la dernière fois c'était
          tiède.
        {elle1} : Promis. Il faudra aussi passer prendre ma sœur à la gare.
        {il1} : Ah, attends ! Je viens de voir l'affiche : il y a le cirque sur la place ce jour-là.
          On fait ça {jour2}, ça te va ?
        {elle1} : Va pour {jour2}.
        """,
        "says that the game of pétanque is on {jour2}",
        (
            Says("{jour2}", "day", ("{jour1}",)),
            Tells(("petanque|partie|boules|joue*|match",)),
        ),
        (
            "{elle1} et {il1} joueront à la pétanque {jour2}.",
            "La partie de pétanque est repoussée de {jour1} à {jour2} à cause du cirque.",
        ),
        (
            "{elle1} et {il1} joueront à la pétanque {jour1} après le travail.",
            "La partie de pétanque est déplacée de {jour2} à {jour1}.",
            "{elle1} apportera le pastis et {il1} les boules.",
        ),
    ),
    Template(
        "corrected-once",
        """
        Objet : vide-grenier du quartier

        Chers voisins,
        Notre vide-grenier approche. Comme convenu, nous nous installerons dimanche à {lieu1} dès
          sept heures du matin. Chacun apporte sa table ; le café et les croissants sont offerts par
          la boulangerie. Pensez à garder de la monnaie, et à remporter ce que vous n'aurez pas
          vendu.

        Bien à vous,
        {elle1} {nom1}

        P.-S. : {il1} me signale que j'ai recopié l'adresse de l'an dernier. C'est à {lieu2} que
          nous avons obtenu l'autorisation de nous installer. Toutes mes excuses !
        """,
        "says that the sale is at {lieu2}",
        (Says("{lieu2}", "word", ("{lieu1}",)), Tells(("vide-grenier|brocante|vente",))),
        (
            "Le vide-grenier aura lieu dimanche à {lieu2}, et non à {lieu1}.",
            "{elle1} {nom1} s'est trompée d'adresse : le vide-grenier se tiendra à {lieu2}.",
        ),
        (
            "Le vide-grenier du quartier aura lieu dimanche à {lieu1}.",
            "Le vide-grenier se tiendra à {lieu1} au lieu de {lieu2}.",
            "Chacun apporte sa table au vide-grenier, le café et les croissants sont offerts.",
        ),
    ),
    Template(
        "corrected-once",
        """
        Compte rendu de l'assemblée des copropriétaires

        Étaient présents : {elle1} {nom1}, {il1} {nom2} et une vingtaine de propriétaires.
        Le ravalement de la façade est terminé. La minuterie du troisième sera réglée par le syndic.
        Boîtes aux lettres : il est décidé de les remplacer toutes. {il1} {nom2} en a compté
          {nombre1} et demandera un devis au serrurier.
        Rectificatif du lendemain : {il1} {nom2} s'était trompé de colonne. Ce sont {nombre2} boîtes
          aux lettres qu'il faut commander. Le devis sera affiché dans le hall.
        """,
        "says that {nombre2} letter boxes are to be ordered",
        (Says("{nombre2}", "number", ("{nombre1}",)), Tells(("boite*",))),
        (
            "La copropriété va commander {nombre2} boîtes aux lettres.",
            "{il1} {nom2} avait d'abord compté {nombre1} boîtes aux lettres, mais il en faut"
            " {nombre2}.",
        ),
        (
            "Les copropriétaires vont remplacer les {nombre1} boîtes aux lettres.",
            "Le nombre de boîtes aux lettres passe de {nombre2} à {nombre1}.",
            "Le ravalement est terminé et les boîtes aux lettres seront remplacées.",
        ),
    ),
    Template(
        "corrected-once",
        """
        Le petit train des vignes reprend du service ce week-end. Selon l'affiche collée sur les
          vitrines du bourg, le départ aura lieu chaque après-midi à {heure1}, devant la fontaine,
          jusqu'aux vendanges. Le trajet dure une heure et se termine par une dégustation. Les
          enfants voyagent sur les genoux de leurs parents.
        Rectificatif : une coquille s'est glissée sur l'affiche. L'office de tourisme nous prie de
          préciser que le train part à {heure2}. Il est prudent de réserver auprès de {elle1}
          {nom1}.
        """,
        "says that the little train leaves at {heure2}",
        (Says("{heure2}", "hour", ("{heure1}",)), Tells(("train", "part*|depart|quitte*"))),
        (
            "Le petit train des vignes part à {heure2}, et non à {heure1} comme le dit l'affiche.",
            "Le départ du petit train a lieu chaque jour à {heure2} devant la fontaine.",
        ),
        (
            "Le petit train des vignes part chaque après-midi à {heure1} devant la fontaine.",
            "Le départ du train est désormais à {heure1} au lieu de {heure2}.",
            "Le petit train des vignes reprend du service, avec une dégustation à la fin.",
        ),
    ),
    Template(
        "corrected-twice",
        """
        {il1} : Pour le covoiturage de demain, je vous prends tous devant la poste à {heure1}.
        {elle1} : Impossible pour moi, j'ai le dentiste à cette heure-là.
        {il1} : Bon, alors disons {heure2}. {elle2}, ça te va ?
        {elle2} : Moi oui, mais toi, ce n'est pas l'heure où tu déposes ton fils au judo ?
        {il1} : Zut, le judo ! Tu as raison. Alors ce sera {heure3}, et cette fois je ne bouge plus.
        {elle1} : Parfait. On arrivera quand même avant le dessert.
        {elle2} : Je préviens maman, qu'elle ne nous attende pas pour l'apéritif.
        """,
        "says that they leave at {heure3}",
        (
            Says("{heure3}", "hour", ("{heure1}", "{heure2}")),
            Tells(("poste|covoiturage|depart|rendez-vous|prend*|part*|voiture|trajet",)),
        ),
        (
            "{il1} passera prendre {elle1} et {elle2} devant la poste à {heure3}.",
            "Le départ, prévu à {heure1} puis à {heure2}, est finalement fixé à {heure3}.",
        ),
        (
            "{il1} prendra tout le monde devant la poste à {heure1}.",
            "Le rendez-vous est repoussé de {heure1} à {heure2} à cause du dentiste.",
            "{il1}, {elle1} et {elle2} organisent un covoiturage.",
        ),
    ),
    Template(
        "corrected-twice",
        """
        Objet : repas des voisins, suite et fin

        Bonjour à tous,
        Je sais, c'est mon troisième message de la semaine. Dans le premier, je vous donnais
          rendez-vous {jour1}. Plusieurs d'entre vous travaillent ce soir-là, d'où mon second
          message, qui parlait de {jour2}. Or {il1} vient de m'apprendre que la rue sera fermée pour
          travaux.
        Nous dînerons donc {jour3}, vers vingt heures, dans la cour. {elle1} a déjà commandé le
          pain. Chacun apporte un plat et sa chaise ; les enfants s'occupent des lampions.

        À très vite,
        {elle2}
        """,
        "says that the dinner is on {jour3}",
        (Says("{jour3}", "day", ("{jour1}", "{jour2}")), Tells(("repas|diner*",))),
        (
            "Le repas des voisins aura lieu {jour3} dans la cour.",
            "D'abord annoncé pour {jour1}, puis pour {jour2}, le dîner est reporté à {jour3}.",
        ),
        (
            "{elle2} invite ses voisins à un repas {jour1}.",
            "Le repas des voisins, prévu {jour1}, aura finalement lieu {jour2}.",
            "{elle2} écrit à ses voisins au sujet d'un repas dans la cour.",
        ),
    ),
    Template(
        "corrected-twice",
        """
        Comité des fêtes, relevé de décisions. Présidence : {elle1} {nom1}.

        Lieu du banquet : sur proposition de {il1}, le comité retient {lieu1}.
        Menu : blanquette, fromage, tarte. Le traiteur demande une réponse sous huit jours.
        Lieu du banquet, bis : la gardienne, jointe au téléphone, indique que le chauffage y est en
          panne. Le comité se reporte sur {lieu2}.
        Sonorisation : {il2} prête ses enceintes.
        Questions diverses : {elle2} s'aperçoit que {lieu2} accueille déjà un mariage. À
          l'unanimité, le banquet se tiendra à {lieu3}. Les invitations peuvent partir.
        """,
        "says that the banquet is at {lieu3}",
        (Says("{lieu3}", "word", ("{lieu1}", "{lieu2}")), Tells(("banquet|repas",))),
        (
            "Le banquet du comité des fêtes se tiendra à {lieu3}.",
            "Après avoir retenu {lieu1}, puis {lieu2}, le comité a choisi {lieu3} pour le banquet.",
        ),
        (
            "Le comité des fêtes retient {lieu1} pour le banquet.",
            "Le chauffage étant en panne, le banquet passe de {lieu1} à {lieu2}.",
            "Le menu du banquet : blanquette, fromage et tarte.",
        ),
    ),
    Template(
        "corrected-twice",
        """
        Cliente : Bonjour, je voudrais commander des croissants pour demain matin. Mettez-m'en
          {places1}.
        Boulanger : {places1} croissants, c'est noté. Au nom de ?
        Cliente : {nom1}. Oh, pardon, je lisais la liste de la semaine dernière. Il m'en faut
          {places2}.
        Boulanger : {places2}, très bien. Avec des pains au chocolat ?
        Cliente : Non merci. Attendez, on me fait signe... L'équipe de nuit a changé d'avis, comme
          toujours. Alors {places3}, et on n'en parle plus.
        Boulanger : {places3} croissants pour demain, sept heures. Vous paierez sur place.
        Cliente : Merci, et désolée pour la valse !
        """,
        "says that {places3} croissants are ordered",
        (Says("{places3}", "number", ("{places1}", "{places2}")), Tells(("croissant",))),
        (
            "Mme {nom1} commande {places3} croissants pour le lendemain matin.",
            "La cliente voulait {places1} croissants, puis {places2}, mais en commande finalement"
            " {places3}.",
        ),
        (
            "Une cliente commande {places1} croissants pour le lendemain.",
            "La cliente passe sa commande de {places1} à {places2} croissants.",
            "Mme {nom1} commande des croissants pour son équipe.",
        ),
    ),
)
