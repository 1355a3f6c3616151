"""Small news without weight, in French: what stands between the two ends of a very long text."""

PLACES = (
    "la poste", "la mare aux canards", "la fontaine", "la forge", "la maison du garde",
    "la grille du parc", "la chapelle", "la halte routière", "la supérette", "la ruelle basse",
    "la cabine des livres", "la salle du haut",
)  # fmt: skip
PEOPLE = (
    "Mme Chauvin", "M. Tessier", "Basile Morand", "Mlle Porte", "M. Courtois", "M. Quentin",
    "Mme Delorme", "Mme Lenoir", "M. Vasseur", "Mme Pinson", "Mlle Vidal", "M. Riboulet",
)  # fmt: skip
THINGS = (
    "un parapluie vert", "un gant gauche", "une pompe à vélo", "une paire de lunettes",
    "un cerf-volant", "une boîte de boutons", "une canne", "une clé de laiton",
    "un chapeau de paille", "un carnet de recettes", "un jeu de clés plates", "un panier d'osier",
)  # fmt: skip
PARAGRAPHS = (
    "Objets trouvés. {who} a déposé au comptoir {thing}, qui traînait près de {where} depuis {day}."
    " Il y a bien une étiquette, mais la pluie a délavé l'encre. Pour récupérer son bien, il"
    " suffit de le décrire. La dernière fois, {n} personnes avaient reconnu la même écharpe, et"
    " il a fallu une semaine pour démêler l'affaire.",
    "Le banc de {where} boite de nouveau. {who} l'a recalé {day} avec {n} rondelles sorties d'un"
    " bocal, et cela a tenu jusqu'au dimanche. Une planche neuve vaudrait mieux. En attendant, on"
    " est prié de s'asseoir au milieu et de se lever l'un après l'autre, car l'autre bout a"
    " tendance à monter.",
    "{who} a écrit au sujet du vacarme des corbeaux, au-dessus de {where}. La lettre a été lue avec"
    " intérêt et rangée avec les autres. On compte {n} nids cette année, deux de plus que l'an"
    " passé, et personne n'a encore eu d'idée qui n'ait plu davantage aux corbeaux qu'aux arbres.",
    "Météo. {who} a relevé {day} {n} millimètres de pluie au pluviomètre de {where}, par petit vent"
    " d'ouest. Les hirondelles volaient bas. Le gel n'a touché qu'un rang de haricots, semé trop"
    " tôt malgré les avertissements, comme son propriétaire le reconnaît de bonne grâce.",
    "La soirée diapositives, près de {where}, a réuni {n} personnes, dont {who}, qui a dormi"
    " pendant la seconde moitié. Le projecteur ne s'est coincé qu'une fois. On espère montrer la"
    " suite un autre jour : les vues de la lande sont restées dans un carton que quelqu'un a mis"
    " en lieu sûr, sans pouvoir dire où.",
    "Un colis adressé à la commune voisine a été livré par erreur près de {where} ; il contenait"
    " {thing}. Il est reparti par la tournée suivante, grâce à {who}. L'expéditeur a remercié, on a"
    " gardé la ficelle, et {n} timbres ont été découpés pour les enfants qui en font collection.",
    "La peinture de la grille, du côté de {where}, avance. {who} a prêté un pinceau, et il restait"
    " {n} pots de vert foncé de la fois d'avant, si bien qu'il n'a rien fallu acheter. L'écriteau"
    " qui signalait la peinture fraîche a été volé, ou bien il s'est envolé {day} ; les avis"
    " divergent.",
    "{who} a reçu un prix pour le plus long poireau : {n} centimètres de la racine à la pointe. Le"
    " légume a été exposé près de {where} avant de finir en soupe. Le jury a noté que le deuxième"
    " était plus droit. On avait parlé d'une photo, mais il n'y avait pas de pellicule dans"
    " l'appareil.",
    "Le robinet de {where} goutte environ {n} fois par minute, comme {who} l'a établi {day} à"
    " l'aide"
    " d'un minuteur de cuisine, faute de mieux à faire. Un joint est commandé. D'ici là, un seau"
    " est posé dessous, et celui qui passe porte l'eau aux géraniums.",
    "L'équipe du jeu des mille questions s'est retrouvée près de {where} et a fini troisième sur"
    " {n}. {who} connaissait tous les fleuves, mais aucun des compositeurs. La prochaine rencontre"
    " est ouverte à quiconque aime les tartines. On retiendra que la question sur la lune avait"
    " deux"
    " bonnes réponses, et que l'autre était la nôtre.",
    "{who} demande si quelqu'un d'autre a vu le renard à queue blanche du côté de {where}. On l'a"
    " aperçu {n} fois le mois dernier, toujours un peu avant le petit déjeuner. Il n'emporte que"
    " des gants, à ce qu'on sache, et les enfants ont voté pour lui donner un nom.",
    "Étagère d'échange. Celle de {where} a reçu {thing}, {n} romans de poche et la moitié d'un"
    " puzzle. {who} y met de l'ordre et l'époussette {day}. L'autre moitié du puzzle serait dans"
    " le village. Plus d'encyclopédies, de grâce : la planche a déjà plié deux fois.",
    "L'horloge de {where} retardait de {n} minutes ; elle a été remise à l'heure grâce à {who} et à"
    " une burette d'huile. On y regardera de nouveau après {day}. Deux personnes s'étaient faites à"
    " l'ancienne heure et n'avaient rien manqué, mais elles ont été contentes qu'on le leur dise.",
    "Merci à ceux qui ont balayé les feuilles devant {where} sans qu'on le leur demande : {n} sacs"
    " attendent le long de la haie, à la disposition de qui possède un tas de compost. {who} a"
    " trouvé dans l'un d'eux {thing}, qui repose depuis sur l'appui de la fenêtre.",
)
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")
