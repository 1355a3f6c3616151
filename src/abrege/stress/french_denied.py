"""French cases in which something is called off or ruled out."""

from abrege.stress.rules import Off, Says
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "cancelled",
        """
        Chers parents,
        Deux sorties figuraient au programme de la classe de {elle1} {nom1} : la cueillette des
          pommes, {jour1}, et la visite du moulin, {jour2}. Le gel de printemps n'a rien laissé sur
          les arbres, et le verger nous a fait savoir qu'il n'ouvrirait pas cette année. La
          cueillette est donc annulée. Les {prix1} déjà réunis par la coopérative serviront à
          acheter des livres.
        La visite du moulin, elle, est maintenue. Prévoyez des bottes et un goûter.

        La direction
        """,
        "says that the apple picking is cancelled and that the visit to the mill is not",
        (Off("cueillette|pommes", ("moulin",)),),
        (
            "La cueillette des pommes est annulée, mais la visite du moulin est maintenue.",
            "À cause du gel, il n'y aura pas de cueillette cette année.",
        ),
        (
            "La classe ira à la cueillette des pommes {jour1} et au moulin {jour2}.",
            "La visite du moulin est annulée ; la cueillette des pommes est maintenue.",
            "Il faut prévoir des bottes et un goûter.",
        ),
    ),
    Template(
        "cancelled",
        """
        {elle1} : Tout est prêt pour samedi ?
        {il1} : Presque. La buvette ouvre à {heure1}, les fûts sont au frais.
        {elle1} : Et le feu d'artifice ? Les petits ne parlent que de ça.
        {il1} : Tu n'as pas lu l'arrêté ? Avec la sécheresse, la préfecture interdit tout. On a dû
          l'annuler hier soir, la mort dans l'âme.
        {elle1} : Oh non... On ne peut pas le décaler ?
        {il1} : Pas avant l'an prochain. Mais le bal, lui, tient toujours, {il2} vient avec son
          accordéon.
        {elle1} : Alors on dansera deux fois plus.
        """,
        "says that the fireworks are cancelled and that the ball is not",
        (Off("feu d'artifice|feux d'artifice", ("bal", "buvette")),),
        (
            "Le feu d'artifice est annulé à cause de la sécheresse, mais le bal aura bien lieu.",
            "Il n'y aura pas de feu d'artifice cette année.",
        ),
        (
            "Samedi, il y aura un bal, une buvette et un feu d'artifice.",
            "Le bal est annulé, et le feu d'artifice aura lieu samedi.",
            "{il2} viendra samedi avec son accordéon.",
        ),
    ),
    Template(
        "cancelled",
        """
        La commune voulait remplacer les platanes de la place par {nombre1} bornes de recharge pour
          voitures électriques. Le chantier devait s'ouvrir à l'automne, en même temps que la
          réfection du lavoir.
        Réuni {jour1} soir, le conseil municipal a renoncé aux bornes. « Le réseau ne le
          supporterait pas », a reconnu la maire, {elle1} {nom1}, devant un public nombreux. Les
          platanes restent donc où ils sont. La réfection du lavoir commencera comme prévu à
          l'automne ; elle est confiée à un artisan du village.
        """,
        "says that the charging points will not be built and that the wash-house will be repaired",
        (Off("borne|borne* de recharge", ("lavoir",)),),
        (
            "La commune renonce aux bornes de recharge, mais le lavoir sera refait à l'automne.",
            "Le projet de bornes de recharge est abandonné et les platanes restent.",
        ),
        (
            "La commune installera {nombre1} bornes de recharge sur la place à l'automne.",
            "La réfection du lavoir est abandonnée.",
            "Le conseil municipal s'est réuni {jour1} soir devant un public nombreux.",
        ),
    ),
    Template(
        "cancelled",
        """
        Objet : votre week-end chez nous

        Bonjour {elle1},
        Un petit mot avant votre arrivée. La descente en canoë du matin est confirmée : {il1} vous
          attend à la base nautique avec {classe1} embarcations et autant de gilets.
        En revanche, la soirée contes ne se fera pas. La conteuse a perdu sa voix, ce qui est un
          comble, et je n'ai trouvé personne pour la remplacer au pied levé. Si vous aviez réglé la
          soirée, la somme de {prix1} vous sera rendue à l'accueil.

        Au plaisir de vous recevoir,
        {elle2} {nom1}
        """,
        "says that the evening of tales is cancelled and that the canoe trip is not",
        (Off("soiree|conte", ("canoe|descente",)),),
        (
            "La soirée contes est annulée, mais la descente en canoë est confirmée.",
            "La descente en canoë aura lieu le matin ; la soirée contes n'aura pas lieu.",
        ),
        (
            "Le week-end comprend une descente en canoë et une soirée contes.",
            "La descente en canoë est annulée, et la soirée contes est confirmée.",
            "{il1} attend {elle1} à la base nautique avec des gilets.",
        ),
    ),
    Template(
        "negation",
        """
        Une partie du toit de {lieu1} s'est effondrée dans la nuit de {jour1}. Personne ne se
          trouvait à l'intérieur. Beaucoup d'habitants ont tout de suite montré du doigt la neige,
          tombée en abondance depuis une semaine, et réclamé que l'on déblaie les autres bâtiments.
        L'architecte {elle1} {nom1} a rendu son rapport. La neige n'y est pour rien : la charpente
          pouvait en porter trois fois plus. Ce sont des termites qui ont rongé deux poutres. La
          réparation coûtera {prix1} le mètre, et durera jusqu'en {mois1}.
        """,
        "says that termites, and not the snow, made the roof collapse",
        (Says("termite*|insecte*", "word", ("neige",)),),
        (
            "Le toit s'est effondré à cause des termites, et non de la neige.",
            "Ce n'est pas la neige mais des termites qui ont fait tomber le toit de {lieu1}.",
        ),
        (
            "Le toit de {lieu1} s'est effondré sous le poids de la neige.",
            "C'est la neige, et non les termites, qui a fait tomber le toit.",
            "Une partie du toit de {lieu1} s'est effondrée, sans faire de blessé.",
        ),
    ),
    Template(
        "negation",
        """
        {elle1} : Tu sais que {il1} quitte la chorale ? Il paraît qu'il s'est fâché avec la chef.
        {il2} : C'est ce qu'on raconte, mais c'est faux. Je l'ai croisé {jour1} au marché.
        {elle1} : Et alors ?
        {il2} : Il n'y a jamais eu la moindre dispute. Ils ont encore dîné ensemble la semaine
          dernière. C'est son nouveau travail : il finit tous les soirs à minuit passé, il ne peut
          plus venir aux répétitions.
        {elle1} : Ah, j'aime mieux ça. Qui va chanter les basses ?
        {il2} : {il3}, sans doute, si son rhume passe.
        """,
        "says that {il1} leaves the choir because of his work, not because of a quarrel",
        (Says("travail*|emploi|horaire*", "word", ("dispute*|fach*|conflit",)),),
        (
            "{il1} quitte la chorale à cause de son nouveau travail, et non d'une dispute.",
            "{il1} arrête la chorale : ses horaires ne lui permettent plus de venir.",
        ),
        (
            "{il1} quitte la chorale après une dispute avec la chef.",
            "{il1} s'est fâché avec la chef et quitte la chorale, pas à cause de son travail.",
            "{il3} chantera sans doute les basses à la chorale.",
        ),
    ),
    Template(
        "negation",
        """
        Avis aux usagers de la piscine

        Plusieurs d'entre vous se sont plaints d'yeux rouges après la séance de {jour1} et ont mis
          en cause un excès de chlore. Les relevés de la journée, que {elle1} {nom1} tient à votre
          disposition, montrent que le taux de chlore était normal, et même un peu bas.
        L'irritation venait du savon : le nouveau produit de nettoyage des douches avait été mal
          rincé. Il a été retiré, et {nombre1} bidons ont été rendus au fournisseur. Vous pouvez
          vous baigner sans crainte.
        """,
        "says that the soap, and not the chlorine, made eyes red",
        (Says("savon|produit*|nettoyage", "word", ("chlore",)),),
        (
            "Les yeux rouges étaient dus au savon des douches, et non au chlore.",
            "Le chlore n'était pas en cause : c'est un produit de nettoyage mal rincé qui"
            " irritait.",
        ),
        (
            "Les yeux rouges des baigneurs étaient dus à un excès de chlore.",
            "L'irritation venait du chlore et non du savon.",
            "Plusieurs usagers de la piscine ont eu les yeux rouges après la séance de {jour1}.",
        ),
    ),
    Template(
        "negation",
        """
        Procès-verbal du club de lecture. Présents : {elle1} {nom1}, {il1}, {nombre1} membres.

        Le livre du mois a partagé l'assistance ; on a parlé fort.
        Disparition de la caisse : {elle1} {nom1} revient sur la boîte introuvable depuis la soirée
          à {lieu1}. Deux membres avaient soupçonné les pompiers, venus ce soir-là pour une fuite.
          Elle les a appelés : ils ne sont jamais entrés dans la pièce, et elle leur a présenté nos
          excuses. C'est le bibliothécaire qui avait rangé la boîte dans son coffre, par prudence.
          L'argent est au complet.
        """,
        "says that the librarian, and not the firemen, had taken the cash box",
        (Says("bibliothecaire*", "word", ("pompier*",)),),
        (
            "La caisse avait été rangée par le bibliothécaire ; les pompiers sont hors de cause.",
            "Ce ne sont pas les pompiers qui ont pris la boîte, mais le bibliothécaire.",
        ),
        (
            "La caisse du club a été prise par les pompiers.",
            "Les pompiers ont emporté la boîte, et non le bibliothécaire.",
            "Le club de lecture a parlé du livre du mois et d'une boîte introuvable.",
        ),
    ),
)
